/** A prompt as the model got it, to read and to copy. */
import { CopyButton } from "./CopyButton";
import styles from "./Prompt.module.css";

export function PromptBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className={styles.block}>
      <div className={styles.head}>
        <span>{label}</span>
        <CopyButton text={text} />
      </div>
      <p className={styles.prompt}>{text}</p>
    </div>
  );
}
