/** The list of pipelines. */
import { Trans, useLingui } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { FilterBar } from "@/features/filters/FilterBar";
import { PipelineList } from "@/features/pipelines/PipelineList";
import { LinkButton } from "@/ui/Button";
import { Empty } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";
import styles from "./pages.module.css";

export const Route = createLazyRoute("/pipelines")({ component: PipelinesPage });
const route = getRouteApi("/pipelines");

function PipelinesPage() {
  const { t } = useLingui();
  usePageTitle(t`Pipelines`);
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <div className={styles.hero}>
        <h1>
          <Trans>Pipelines</Trans>
        </h1>
        <p>
          <Trans>Recipes that work: fill in the blanks, run them, or remix them into your own.</Trans>
        </p>
      </div>
      <FilterBar
        filters={filters}
        placeholder={t`Search pipelines`}
        onChange={(search) => void navigate({ search, resetScroll: false })}
      />
      <PipelineList filters={filters} empty={<NoPipelines />} />
    </>
  );
}

function NoPipelines() {
  return (
    <Empty title={<Trans>Nothing matches</Trans>}>
      <LinkButton to="/pipelines">
        <Trans>Show everything</Trans>
      </LinkButton>
      <LinkButton to="/new" look="main">
        <Trans>Create a pipeline</Trans>
      </LinkButton>
    </Empty>
  );
}
