/** A result: what was made, by whom, and then exactly how. What can be done with it comes from the page. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Result } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { InputFacts, type InputShown } from "@/ui/InputFacts";
import { Outputs } from "@/ui/Outputs";
import { MadeStep } from "./MadeStep";
import styles from "./Result.module.css";
import { alongsideOf, showcaseOf } from "./showcase";

interface ResultViewProps {
  result: Result;
  /** The inputs of the version that made it, once they are known. */
  inputs: InputShown[] | undefined;
  actions: ReactNode;
  rating: ReactNode;
}

export function ResultView({ result, inputs, actions, rating }: ResultViewProps) {
  return (
    <>
      <div className={styles.top}>
        <div className={styles.show}>
          <Outputs outputs={showcaseOf(result)} alt={result.excerpt} large />
          <Outputs outputs={alongsideOf(result)} alt={result.excerpt} />
        </div>
        <div className={styles.side}>
          <Head result={result} />
          <PipelineLine result={result} />
          {rating}
          <InputFacts values={result.inputs} seed={result.seed} inputs={inputs} />
          {actions}
        </div>
      </div>
      <section className={styles.how} aria-labelledby="how">
        <h2 id="how">
          <Trans>How it was made</Trans>
        </h2>
        <ol>
          {result.tasks.map((task, index) => (
            <MadeStep key={task.step} task={task} place={index + 1} />
          ))}
        </ol>
      </section>
    </>
  );
}

function Head({ result }: { result: Result }) {
  const format = useFormat();
  return (
    <div>
      <h1>{result.title}</h1>
      <p className={styles.soft}>
        {result.author && (
          <>
            <Link to="/authors/$handle" params={{ handle: result.author.handle }}>
              {result.author.handle}
            </Link>
            {" · "}
          </>
        )}
        <time dateTime={result.created_at}>{format.date(result.created_at)}</time>
      </p>
    </div>
  );
}

function PipelineLine({ result }: { result: Result }) {
  const { pipeline } = result;
  return (
    <p>
      <span className={styles.soft}>
        <Trans>Pipeline</Trans>{" "}
      </span>
      <Link to="/pipelines/$id" params={{ id: pipeline.id }} search={{ version: pipeline.version }}>
        {pipeline.title ?? <Trans>a private pipeline</Trans>}
      </Link>
      <span className={styles.soft}>
        {" · "}
        <Trans>version {pipeline.version}</Trans>
      </span>
      {pipeline.parent && (
        <>
          <span className={styles.soft}>{" · "}</span>
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
