/** Which pipeline should go on from this picture. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { usePipelines } from "@/api/pipelines";
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

export function UseAsInput({ result, image, onClose }: UseAsInputProps) {
  const { data, error, refetch } = usePipelines({ kind: "edit" });
  const fitting = data?.pages
    .flatMap((page) => page.items)
    .filter((pipeline) => pipeline.version.spec.inputs?.some((input) => input.type === "image"));
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
