/** What one can do with one's run: stop it, run it again, change its words, publish it, throw it away. */
import { Trans } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { problemMessage } from "@/api/problems";
import { useWithdraw } from "@/api/results";
import { isOver, useCancelRun, useDeleteRun, useResumeRun } from "@/api/runs";
import type { Run } from "@/api/types";
import { Button, LinkButton } from "@/ui/Button";
import { Notice } from "@/ui/State";
import { Publish } from "./Publish";

interface RunActionsProps {
  run: Run;
  title: string | undefined;
  onAgain: () => void;
  again: { busy: boolean; error: unknown };
}

export function RunActions({ run, title, onAgain, again }: RunActionsProps) {
  const cancel = useCancelRun(run.id);
  const resume = useResumeRun(run.id);
  const error = cancel.error ?? resume.error ?? again.error;
  return (
    <>
      {!isOver(run) && (
        <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
          <Trans>Cancel</Trans>
        </Button>
      )}
      {run.state === "failed" && (
        <Button look="main" busy={resume.isPending} onClick={() => resume.mutate()}>
          <Trans>Go on from the failed step</Trans>
        </Button>
      )}
      {run.state === "cancelled" && (
        <Button look="main" busy={resume.isPending} onClick={() => resume.mutate()}>
          <Trans>Go on after all</Trans>
        </Button>
      )}
      {run.state === "succeeded" && <Publishing run={run} title={title} />}
      {isOver(run) && (
        <Button busy={again.busy} onClick={onAgain}>
          <Trans>Run again, new seed</Trans>
        </Button>
      )}
      <LinkButton
        to="/pipelines/$id"
        params={{ id: run.pipeline }}
        search={{ version: run.version, run: run.id }}
      >
        <Trans>Change the words</Trans>
      </LinkButton>
      {isOver(run) && !run.result && <Delete run={run} />}
      {Boolean(error) && <Notice tone="bad">{problemMessage(error)}</Notice>}
    </>
  );
}

function Publishing({ run, title }: { run: Run; title: string | undefined }) {
  const [open, setOpen] = useState(false);
  const withdraw = useWithdraw(run.id);
  if (run.result)
    return (
      <>
        <LinkButton to="/results/$id" params={{ id: run.result }} look="main">
          <Trans>See it in the gallery</Trans>
        </LinkButton>
        <Button busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
          <Trans>Withdraw</Trans>
        </Button>
        {withdraw.isError && <Notice tone="bad">{problemMessage(withdraw.error)}</Notice>}
      </>
    );
  if (open) return <Publish run={run} title={title ?? ""} onClose={() => setOpen(false)} />;
  return (
    <Button look="main" onClick={() => setOpen(true)}>
      <Trans>Publish</Trans>
    </Button>
  );
}

function Delete({ run }: { run: Run }) {
  const [sure, setSure] = useState(false);
  const remove = useDeleteRun(run.id);
  const navigate = useNavigate();
  const act = () => {
    if (sure) remove.mutate(undefined, { onSuccess: () => void navigate({ to: "/runs" }) });
    else setSure(true);
  };
  return (
    <>
      <Button
        look={sure ? "danger" : "plain"}
        busy={remove.isPending}
        onClick={act}
        onBlur={() => setSure(false)}
      >
        {sure ? <Trans>Really delete?</Trans> : <Trans>Delete</Trans>}
      </Button>
      {remove.isError && <Notice tone="bad">{problemMessage(remove.error)}</Notice>}
    </>
  );
}
