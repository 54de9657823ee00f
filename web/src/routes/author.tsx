/** An author's public page: who they are, their results and pipelines. */
import { Plural, Trans } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useProfile } from "@/api/accounts";
import { problemMessage } from "@/api/problems";
import { Gallery } from "@/features/gallery/Gallery";
import { PipelineList } from "@/features/pipelines/PipelineList";
import styles from "@/features/pipelines/Pipelines.module.css";
import { Failure, Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";

export const Route = createLazyRoute("/authors/$handle")({ component: AuthorPage });
const route = getRouteApi("/authors/$handle");

function AuthorPage() {
  const { handle } = route.useParams();
  const { data: profile, error, refetch } = useProfile(handle);
  usePageTitle(handle);
  if (error) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  if (!profile) return <Loading />;
  const nothing = (
    <p className={styles.soft}>
      <Trans>Nothing yet.</Trans>
    </p>
  );
  return (
    <>
      <div className={styles.head}>
        <h1>{profile.handle}</h1>
        {profile.about && <p className={styles.lead}>{profile.about}</p>}
        <p className={styles.soft}>
          <Plural value={profile.counts.pipelines} one="# pipeline" other="# pipelines" /> ·{" "}
          <Plural value={profile.counts.results} one="# result" other="# results" />
        </p>
      </div>
      <section className={styles.section}>
        <h2>
          <Trans>Results</Trans>
        </h2>
        <Gallery filters={{ author: handle, sort: "new" }} empty={nothing} />
      </section>
      <section className={styles.section}>
        <h2>
          <Trans>Pipelines</Trans>
        </h2>
        <PipelineList filters={{ author: handle, sort: "new" }} empty={nothing} />
      </section>
    </>
  );
}
