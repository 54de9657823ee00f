/** One pipeline in a list: what it does and how well people like it. */
import { Plural } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { PipelineSummary } from "@/api/types";
import { StarsShown } from "@/ui/Stars";
import { Tags } from "@/ui/Tags";
import { inKindOrder, useKindNames } from "@/ui/useKindNames";
import styles from "./Pipelines.module.css";

export function PipelineCard({ pipeline }: { pipeline: PipelineSummary }) {
  const kinds: Record<string, string> = useKindNames();
  const { average, count } = pipeline.rating;
  return (
    <li className={styles.card}>
      <ul className={styles.kinds}>
        {inKindOrder(pipeline.kinds).map((kind) => (
          <li key={kind}>{kinds[kind] ?? kind}</li>
        ))}
      </ul>
      <h2>
        <Link to="/pipelines/$id" params={{ id: pipeline.id }}>
          {pipeline.title}
        </Link>
      </h2>
      {pipeline.description && <p className={styles.description}>{pipeline.description}</p>}
      <Tags tags={pipeline.tags} />
      <div className={styles.meta}>
        {pipeline.author && (
          <Link to="/authors/$handle" params={{ handle: pipeline.author.handle }}>
            {pipeline.author.handle}
          </Link>
        )}
        <StarsShown average={average} count={count} />
        <span>
          <Plural value={pipeline.counts.runs} one="# run" other="# runs" />
        </span>
      </div>
    </li>
  );
}
