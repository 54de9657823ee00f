"""Who reaches whom, and what leaves the VPC."""

from tests.infra.stacks.templates import Stage

LEFT_OUT = {
    "AWS::EC2::EgressOnlyInternetGateway",
    "AWS::EC2::FlowLog",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::VPCCidrBlock",
}
"""The only types that the emulator's CloudFormation refuses."""


def test_only_functions_reach_the_database_and_nobody_reaches_anything_else(small: Stage, large: Stage) -> None:
    for stage in (small, large):
        groups = stage.found("network", "AWS::EC2::SecurityGroup")
        inbound = {name[:8]: group.get("SecurityGroupIngress", []) for name, group in groups.items()}
        (rule,) = inbound.pop("Database")
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (5432, 5432, "tcp")
        assert rule["SourceSecurityGroupId"]["Fn::GetAtt"][0].startswith("Lambdas")
        endpoints = inbound.pop("Endpoint", [])
        assert all(each["CidrIp"] == "10.0.0.0/16" and each["ToPort"] == 443 for each in endpoints)
        assert inbound == {"Lambdas2": [], "WorkersB": []} or all(not rules for rules in inbound.values())


def test_nobody_is_let_in_from_another_stack(small: Stage, large: Stage) -> None:
    for stage in (small, large):
        for part in stage.parts:
            rules = stage.found(part, "AWS::EC2::SecurityGroupIngress")
            proxy = [rule for rule in rules.values() if rule["Description"] == "The proxy to the database"]
            assert len(rules) == len(proxy) <= 1
            assert all(rule["GroupId"] == rule["SourceSecurityGroupId"] for rule in proxy)


def test_functions_and_workers_speak_tls_only(small: Stage) -> None:
    for beginning, ports in (("Lambdas", {443, 5432}), ("Workers", {443})):
        group = small.one("network", "AWS::EC2::SecurityGroup", beginning)
        assert {rule["FromPort"] for rule in group["SecurityGroupEgress"]} == ports
        assert {rule["ToPort"] for rule in group["SecurityGroupEgress"]} == ports


def test_nothing_is_paid_for_leaving_the_vpc(small: Stage) -> None:
    assert not small.found("network", "AWS::EC2::NatGateway")
    routes = small.found("network", "AWS::EC2::Route").values()
    outwards = [route for route in routes if "EgressOnlyInternetGatewayId" in route]
    assert len(outwards) == 2
    assert {route["DestinationIpv6CidrBlock"] for route in outwards} == {"::/0"}
    endpoint = small.one("network", "AWS::EC2::VPCEndpoint")
    assert "s3" in str(endpoint["ServiceName"])
    assert len(endpoint["RouteTableIds"]) == 4, "public and private subnets of two zones"


def test_private_subnets_have_no_way_in_or_out_over_ipv4(small: Stage) -> None:
    routes = small.found("network", "AWS::EC2::Route")
    outwards = {name for name, route in routes.items() if route.get("DestinationCidrBlock") == "0.0.0.0/0"}
    assert outwards
    assert all("public" in name for name in outwards)


def test_only_workers_are_given_addresses_of_the_internet(small: Stage) -> None:
    subnets = small.found("network", "AWS::EC2::Subnet")
    given = {name for name, subnet in subnets.items() if subnet["MapPublicIpOnLaunch"]}
    assert given == {name for name in subnets if "public" in name} != set()
    assert all("Ipv6CidrBlock" in subnet for subnet in subnets.values())


def test_with_endpoints_there_is_no_way_out_at_all(large: Stage) -> None:
    assert not large.found("network", "AWS::EC2::EgressOnlyInternetGateway")
    endpoints = large.found("network", "AWS::EC2::VPCEndpoint").values()
    inside = {
        str(each["ServiceName"]).rpartition(".")[2] for each in endpoints if each["VpcEndpointType"] == "Interface"
    }
    assert inside == {"sqs", "secretsmanager", "autoscaling"}, "everything that a function calls, besides S3"


def test_flows_are_logged_where_that_is_wanted(small: Stage, large: Stage) -> None:
    assert not small.found("network", "AWS::EC2::FlowLog")
    assert large.one("network", "AWS::EC2::FlowLog")["TrafficType"] == "ALL"


def test_the_emulator_misses_nothing_but_what_it_cannot_hold(small: Stage, emulated: Stage) -> None:
    assert small.types() - emulated.types() <= LEFT_OUT
    assert emulated.types() - small.types() <= {"AWS::EC2::SubnetCidrBlock"}
    assert not emulated.types() & LEFT_OUT
