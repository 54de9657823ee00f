/** The page on which one changes one's own pipeline. */
import { Trans, useLingui } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi, Link } from "@tanstack/react-router";
import { useKinds, useModels } from "@/api/catalogue";
import { usePipeline } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import { EditPipeline } from "@/features/editor/EditPipeline";
import { Failure, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";
import styles from "./pages.module.css";

export const Route = createLazyRoute("/pipelines/$id/edit")({ component: EditPage });
const route = getRouteApi("/pipelines/$id/edit");

function EditPage() {
  const { t } = useLingui();
  const { id } = route.useParams();
  const pipeline = usePipeline(id);
  const kinds = useKinds();
  const models = useModels();
  usePageTitle(t`Edit`);
  const error = pipeline.error ?? kinds.error ?? models.error;
  if (error) return <Failure message={problemMessage(error)} onRetry={() => void pipeline.refetch()} />;
  if (!pipeline.data || !kinds.data || !models.data) return <Loading />;
  return (
    <>
      <div className={styles.hero}>
        <h1>{pipeline.data.title}</h1>
        <p>
          <Link to="/pipelines/$id" params={{ id }}>
            <Trans>Back to the pipeline</Trans>
          </Link>
        </p>
      </div>
      <EditPipeline key={id} pipeline={pipeline.data} kinds={kinds.data} models={models.data} />
    </>
  );
}
