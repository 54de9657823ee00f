/** One's own account. */
import { Trans, useLingui } from "@lingui/react/macro";
import { createLazyRoute, useNavigate } from "@tanstack/react-router";
import { useMe } from "@/api/accounts";
import { problemMessage } from "@/api/problems";
import { AccountView } from "@/features/account/AccountView";
import { LinkButton } from "@/ui/Button";
import { Empty, Failure, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";

export const Route = createLazyRoute("/account")({ component: AccountPage });

function AccountPage() {
  const { t } = useLingui();
  const { data: me, error, refetch } = useMe();
  const navigate = useNavigate();
  usePageTitle(t`Account`);
  if (error) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  if (me === undefined) return <Loading />;
  if (!me)
    return (
      <Empty whole title={<Trans>You are not signed in</Trans>}>
        <LinkButton to="/sign-in" search={{ next: "/account" }} look="main">
          <Trans>Sign in</Trans>
        </LinkButton>
      </Empty>
    );
  return <AccountView me={me} onGone={() => void navigate({ to: "/" })} />;
}
