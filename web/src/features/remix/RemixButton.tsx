/** Makes someone's version one's own and opens it in the editor. */
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useRemix } from "@/api/pipelines";
import { problemMessage } from "@/api/problems";
import { useAccountGate } from "@/ui/accountGate";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/State";

export function RemixButton({ pipeline, version }: { pipeline: string; version: number }) {
  const ask = useAccountGate();
  const remix = useRemix(pipeline);
  const navigate = useNavigate();
  const start = () =>
    remix.mutate(version, {
      onSuccess: ({ id }) => void navigate({ to: "/pipelines/$id/edit", params: { id } }),
    });
  return (
    <>
      <Button busy={remix.isPending} onClick={() => ask(start)}>
        <Trans>Remix</Trans>
      </Button>
      {remix.isError && <Notice tone="bad">{problemMessage(remix.error)}</Notice>}
    </>
  );
}
