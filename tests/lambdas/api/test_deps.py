"""Who calls, and from where."""

import pytest

from lambdas.api.deps import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:22ff::9", "2001:db8:1:2200::/56"),
        ("[2001:db8:1:22ff::9]", "2001:db8:1:2200::/56"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("nonsense", "0.0.0.0/24"),
        ("", "0.0.0.0/24"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str) -> None:
    assert network_of(address) == network
