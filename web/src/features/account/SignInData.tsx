/** Changes what one signs in with: the e-mail and the password. */
import { Trans } from "@lingui/react/macro";
import type { FormEvent } from "react";
import { useChangeSignIn } from "@/api/accounts";
import { fieldProblems, problemMessage } from "@/api/problems";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/State";
import styles from "./Account.module.css";

export function SignInData({ email }: { email: string }) {
  const change = useChangeSignIn();
  const faults = fieldProblems(change.error);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const [address, password, current_password] = ["email", "password", "current"].map((name) =>
      String(form.get(name) ?? ""),
    ) as [string, string, string];
    const changes = {
      ...(address.trim() === email ? {} : { email: address.trim() }),
      ...(password ? { password } : {}),
    };
    change.mutate({ ...changes, current_password }, { onSuccess: () => element.reset() });
  };
  return (
    <details>
      <summary>
        <Trans>Change e-mail or password</Trans>
      </summary>
      <form className={styles.section} onSubmit={save}>
        <Field label={<Trans>E-mail</Trans>} error={faults.email}>
          <input
            name="email"
            type="email"
            autoComplete="email"
            maxLength={254}
            required
            defaultValue={email}
          />
        </Field>
        <Field
          label={<Trans>New password</Trans>}
          hint={<Trans>Leave it empty to keep the one you have.</Trans>}
          error={faults.password}
        >
          <input name="password" type="password" autoComplete="new-password" minLength={10} maxLength={200} />
        </Field>
        <Field label={<Trans>Present password</Trans>} error={faults.current_password}>
          <input name="current" type="password" autoComplete="current-password" maxLength={200} required />
        </Field>
        {change.isError && <Notice tone="bad">{problemMessage(change.error)}</Notice>}
        {change.isSuccess && (
          <Notice tone="good">
            <Trans>Saved.</Trans>
          </Notice>
        )}
        <div className={styles.buttons}>
          <Button type="submit" busy={change.isPending}>
            <Trans>Save</Trans>
          </Button>
        </div>
      </form>
    </details>
  );
}
