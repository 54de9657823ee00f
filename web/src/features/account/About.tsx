/** What others read about oneself. */
import { Trans } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { useDescribeMe } from "@/api/accounts";
import { fieldProblems, problemMessage } from "@/api/problems";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/State";
import styles from "./Account.module.css";

export function About({ about }: { about: string }) {
  const describe = useDescribeMe();
  const [text, setText] = useState(about);
  const save = (event: FormEvent) => {
    event.preventDefault();
    describe.mutate(text.trim());
  };
  return (
    <form className={styles.section} onSubmit={save}>
      <Field
        label={<Trans>About me</Trans>}
        hint={<Trans>Shown on your public page.</Trans>}
        error={fieldProblems(describe.error).about}
      >
        <textarea rows={2} maxLength={2000} value={text} onChange={({ target }) => setText(target.value)} />
      </Field>
      {describe.isError && <Notice tone="bad">{problemMessage(describe.error)}</Notice>}
      {describe.isSuccess && (
        <Notice tone="good">
          <Trans>Saved.</Trans>
        </Notice>
      )}
      <div className={styles.buttons}>
        <Button type="submit" busy={describe.isPending} disabled={text.trim() === about}>
          <Trans>Save</Trans>
        </Button>
      </div>
    </form>
  );
}
