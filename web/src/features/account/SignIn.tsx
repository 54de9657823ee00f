/** Signing in. */
import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { useSignIn } from "@/api/accounts";
import { problemMessage } from "@/api/problems";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/State";
import styles from "./Account.module.css";

interface SignInProps {
  next: string | undefined;
  onDone: () => void;
}

export function SignIn({ next, onDone }: SignInProps) {
  const signIn = useSignIn();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { login: String(form.get("login")).trim(), password: String(form.get("password")) };
    signIn.mutate(body, { onSuccess: onDone });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <h1>
        <Trans>Sign in</Trans>
      </h1>
      <Field label={<Trans>Name or e-mail</Trans>}>
        <input name="login" autoComplete="username" autoCapitalize="none" spellCheck={false} required />
      </Field>
      <Field label={<Trans>Password</Trans>}>
        <input name="password" type="password" autoComplete="current-password" required />
      </Field>
      {signIn.isError && <Notice tone="bad">{problemMessage(signIn.error)}</Notice>}
      <Button type="submit" look="main" busy={signIn.isPending}>
        <Trans>Sign in</Trans>
      </Button>
      <p>
        <Trans>
          New here?{" "}
          <Link to="/sign-up" search={next ? { next } : {}}>
            Create an account
          </Link>
        </Trans>
      </p>
    </form>
  );
}
