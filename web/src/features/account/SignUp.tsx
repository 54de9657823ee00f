/** Opening a full account, from nothing or from a guest's. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useSignUp } from "@/api/accounts";
import { fieldProblems, problemMessage } from "@/api/problems";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/State";
import styles from "./Account.module.css";

interface SignUpProps {
  guest: boolean;
  next: string | undefined;
  onDone: () => void;
}

export function SignUp({ guest, next, onDone }: SignUpProps) {
  const signUp = useSignUp(guest);
  const faults = fieldProblems(signUp.error);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name));
    const body = { handle: text("handle").trim(), email: text("email").trim(), password: text("password") };
    signUp.mutate(body, { onSuccess: onDone });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <h1>{guest ? <Trans>Complete your account</Trans> : <Trans>Create an account</Trans>}</h1>
      {guest && (
        <p className={styles.soft}>
          <Trans>Everything you made as a guest stays yours.</Trans>
        </p>
      )}
      <Field
        label={<Trans>Name</Trans>}
        hint={<Trans>2 to 31 small Latin letters, digits, - or _. Others see it.</Trans>}
        error={faults.handle}
      >
        <input
          name="handle"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          pattern="[a-z0-9][a-z0-9_\-]{1,30}"
          required
        />
      </Field>
      <Field label={<Trans>E-mail</Trans>} error={faults.email}>
        <input name="email" type="email" autoComplete="email" maxLength={254} required />
      </Field>
      <Field
        label={<Trans>Password</Trans>}
        hint={<Trans>At least 10 characters.</Trans>}
        error={faults.password}
      >
        <input
          name="password"
          type="password"
          autoComplete="new-password"
          minLength={10}
          maxLength={200}
          required
        />
      </Field>
      {signUp.isError && <Notice tone="bad">{problemMessage(signUp.error)}</Notice>}
      <Button type="submit" look="main" busy={signUp.isPending}>
        {guest ? <Trans>Complete the account</Trans> : <Trans>Create the account</Trans>}
      </Button>
      {!guest && (
        <p>
          <Trans>
            Have one already?{" "}
            <Link to="/sign-in" search={next ? { next } : {}}>
              Sign in
            </Link>
          </Trans>
        </p>
      )}
    </form>
  );
}
