/** The page on which a pipeline begins. */
import { Trans, useLingui } from "@lingui/react/macro";
import { createLazyRoute } from "@tanstack/react-router";
import { useKinds, useModels } from "@/api/catalogue";
import { problemMessage } from "@/api/problems";
import { NewPipeline } from "@/features/editor/NewPipeline";
import { Failure, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";
import styles from "./pages.module.css";

export const Route = createLazyRoute("/new")({ component: NewPage });

function NewPage() {
  const { t } = useLingui();
  usePageTitle(t`New pipeline`);
  const kinds = useKinds();
  const models = useModels();
  const error = kinds.error ?? models.error;
  if (error) return <Failure message={problemMessage(error)} onRetry={() => void kinds.refetch()} />;
  if (!kinds.data || !models.data) return <Loading />;
  return (
    <>
      <div className={styles.hero}>
        <h1>
          <Trans>New pipeline</Trans>
        </h1>
        <p>
          <Trans>A list of steps. Each step can use the inputs and what the steps before it made.</Trans>
        </p>
      </div>
      <NewPipeline kinds={kinds.data} models={models.data} />
    </>
  );
}
