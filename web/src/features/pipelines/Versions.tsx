/** Every version with its note; the one that is shown stands out. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useVersions } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import { useFormat } from "@/i18n/useFormat";
import { Failure, Loading } from "@/ui/State";
import styles from "./Pipelines.module.css";

export function Versions({ pipeline, shown }: { pipeline: string; shown: number }) {
  const { data, error, refetch } = useVersions(pipeline);
  const format = useFormat();
  if (error) return <Failure message={problemMessage(error)} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <ol className={styles.versions}>
      {data.map((version) => (
        <li key={version.number}>
          <Link
            to="/pipelines/$id"
            params={{ id: pipeline }}
            search={{ version: version.number }}
            data-shown={version.number === shown}
          >
            <Trans>Version {version.number}</Trans>
          </Link>
          <span className={styles.soft}>{format.ago(version.created_at)}</span>
          {version.note && <span>{version.note}</span>}
        </li>
      ))}
    </ol>
  );
}
