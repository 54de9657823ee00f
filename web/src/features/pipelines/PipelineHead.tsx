/** What a pipeline is, whose, and how it fares. */
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Pipeline } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Tags } from "@/ui/Tags";
import styles from "./Pipelines.module.css";

interface PipelineHeadProps {
  pipeline: Pipeline;
  rating: ReactNode;
  children: ReactNode;
}

export function PipelineHead({ pipeline, rating, children }: PipelineHeadProps) {
  const { runs, results, remixes } = pipeline.counts;
  return (
    <div className={styles.head}>
      <h1>{pipeline.title}</h1>
      <Origin pipeline={pipeline} />
      {pipeline.description && <p className={styles.lead}>{pipeline.description}</p>}
      <Tags tags={pipeline.tags} />
      {rating}
      <p className={styles.soft}>
        <Plural value={runs} one="# run" other="# runs" /> ·{" "}
        <Plural value={results} one="# result" other="# results" /> ·{" "}
        <Plural value={remixes} one="# remix" other="# remixes" />
      </p>
      <div className={styles.buttons}>{children}</div>
    </div>
  );
}

function Origin({ pipeline }: { pipeline: Pipeline }) {
  const { t } = useLingui();
  const format = useFormat();
  const visibility = { public: "", unlisted: t`only by link`, private: t`private` }[pipeline.visibility];
  return (
    <p className={styles.soft}>
      {pipeline.author && (
        <>
          <Link to="/authors/$handle" params={{ handle: pipeline.author.handle }}>
            {pipeline.author.handle}
          </Link>
          {" · "}
        </>
      )}
      <time dateTime={pipeline.updated_at} title={format.date(pipeline.updated_at)}>
        {format.ago(pipeline.updated_at)}
      </time>
      {visibility && ` · ${visibility}`}
      {pipeline.parent && (
        <>
          {" · "}
          <Link
            to="/pipelines/$id"
            params={{ id: pipeline.parent.pipeline }}
            search={{ version: pipeline.parent.version }}
          >
            <Trans>remixed from here</Trans>
          </Link>
        </>
      )}
    </p>
  );
}
