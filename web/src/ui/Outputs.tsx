/** What a step made: pictures side by side, texts to read. */
import { Trans, useLingui } from "@lingui/react/macro";
import styles from "./Outputs.module.css";
import { Picture } from "./Picture";

export interface ImageShown {
  id: string;
  type: "image";
  url: string;
  thumb_url: string;
  width: number;
  height: number;
  thumbhash: string | null;
}

export interface TextShown {
  id: string;
  type: "text";
  text: string;
  characters: number;
  url: string;
}

export type OutputShown = ImageShown | TextShown;

interface OutputsProps {
  outputs: readonly OutputShown[];
  /** What the pictures show: their prompt. */
  alt: string;
  large?: boolean;
}

export function Outputs({ outputs, alt, large = false }: OutputsProps) {
  if (outputs.length === 0) return null;
  return (
    <div className={styles.outputs} data-count={Math.min(outputs.length, 3)} data-large={large}>
      {outputs.map((output) =>
        output.type === "image" ? (
          <ImageOutput key={output.id} output={output} alt={alt} large={large} />
        ) : (
          <TextOutput key={output.id} output={output} />
        ),
      )}
    </div>
  );
}

function ImageOutput({ output, alt, large }: { output: ImageShown; alt: string; large: boolean }) {
  const { t } = useLingui();
  return (
    <a
      href={output.url}
      target="_blank"
      rel="noreferrer"
      className={styles.image}
      title={t`Open the original`}
    >
      <Picture
        src={large ? output.url : output.thumb_url}
        alt={alt}
        width={output.width}
        height={output.height}
        thumbhash={output.thumbhash}
        eager={large}
      />
    </a>
  );
}

function TextOutput({ output }: { output: TextShown }) {
  return (
    <blockquote className={styles.text}>
      {output.text}
      {output.characters > output.text.length && (
        <a href={output.url} target="_blank" rel="noreferrer">
          <Trans>The whole text</Trans>
        </a>
      )}
    </blockquote>
  );
}
