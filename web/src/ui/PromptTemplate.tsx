/** A prompt template to read: its blanks stand out from its words. */
import { Fragment } from "react";
import styles from "./Prompt.module.css";
import { parseTemplate } from "./template";

interface PromptTemplateProps {
  template: string;
  /** Words for a name, such as an input's label; the name itself when absent. */
  labels?: Record<string, string>;
}

export function PromptTemplate({ template, labels = {} }: PromptTemplateProps) {
  return (
    <p className={styles.prompt}>
      {parseTemplate(template).map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no identity but their place
        <Fragment key={index}>
          {"name" in part ? (
            <mark className={styles.blank}>{labels[part.name] || part.name}</mark>
          ) : (
            part.text
          )}
        </Fragment>
      ))}
    </p>
  );
}
