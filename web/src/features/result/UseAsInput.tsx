/** Which pipeline should go on from this picture. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { usePipelines, useTakingPictures } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import { LinkButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, Failure, Loading } from "@/ui/State";
import styles from "./Result.module.css";

interface UseAsInputProps {
  result: string;
  image: string;
  onClose: () => void;
}

const SHOWN = 24;

export function UseAsInput({ result, image, onClose }: UseAsInputProps) {
  const { data, error, refetch } = usePipelines({ kind: "edit" }, { limit: SHOWN });
  const ids = data?.pages[0]?.items.map((pipeline) => pipeline.id);
  const known = useTakingPictures(ids ?? []);
  const fitting = ids && known;
  return (
    <Dialog open onClose={onClose} title={<Trans>What should happen to the picture?</Trans>}>
      {!fitting && !error && <Loading />}
      {error && <Failure message={problemMessage(error)} onRetry={() => void refetch()} />}
      {fitting?.length === 0 && (
        <Empty title={<Trans>No pipeline takes a picture yet</Trans>}>
          <LinkButton to="/new">
            <Trans>Create one</Trans>
          </LinkButton>
        </Empty>
      )}
      <ul className={styles.choices}>
        {fitting?.map((pipeline) => (
          <li key={pipeline.id}>
            <Link to="/pipelines/$id" params={{ id: pipeline.id }} search={{ image, result }}>
              {pipeline.title}
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
