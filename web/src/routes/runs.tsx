/** One's own runs. */
import { Trans, useLingui } from "@lingui/react/macro";
import { createLazyRoute } from "@tanstack/react-router";
import { useMe } from "@/api/accounts";
import { RunList } from "@/features/run/RunList";
import { LinkButton } from "@/ui/Button";
import { Empty, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";
import styles from "./pages.module.css";

export const Route = createLazyRoute("/runs")({ component: RunsPage });

function RunsPage() {
  const { t } = useLingui();
  const { data: me, isPending } = useMe();
  usePageTitle(t`My runs`);
  if (isPending) return <Loading />;
  if (!me)
    return (
      <Empty whole title={<Trans>Sign in to see your runs</Trans>}>
        <LinkButton to="/sign-in" search={{ next: "/runs" }} look="main">
          <Trans>Sign in</Trans>
        </LinkButton>
      </Empty>
    );
  return (
    <>
      <div className={styles.hero}>
        <h1>
          <Trans>My runs</Trans>
        </h1>
      </div>
      <RunList />
    </>
  );
}
