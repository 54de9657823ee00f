/** One's own account: who one is, what is left of today's allowance, and the ways out. */
import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import { isGuest, useDeleteMe, useSignOut } from "@/api/accounts";
import { problemMessage } from "@/api/problems";
import type { Account } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Button, LinkButton } from "@/ui/Button";
import { Notice } from "@/ui/State";
import { About } from "./About";
import styles from "./Account.module.css";
import { Keys } from "./Keys";
import { Quotas } from "./Quotas";
import { SignInData } from "./SignInData";

export function AccountView({ me, onGone }: { me: Account; onGone: () => void }) {
  const format = useFormat();
  const signOut = useSignOut();
  const guest = isGuest(me);
  return (
    <div className={styles.account}>
      <div className={styles.section}>
        <h1>{guest ? <Trans>Guest</Trans> : me.handle}</h1>
        <p className={styles.soft}>
          {me.email && `${me.email} · `}
          <Trans>since {format.date(me.joined_at)}</Trans>
        </p>
        <Quotas quotas={me.quotas ?? {}} />
        <div className={styles.buttons}>
          {guest && (
            <LinkButton to="/sign-up" search={{ next: "/account" }} look="main">
              <Trans>Complete the account</Trans>
            </LinkButton>
          )}
          {!guest && me.handle && (
            <LinkButton to="/authors/$handle" params={{ handle: me.handle }}>
              <Trans>My public page</Trans>
            </LinkButton>
          )}
          <Button busy={signOut.isPending} onClick={() => signOut.mutate(undefined, { onSuccess: onGone })}>
            <Trans>Sign out</Trans>
          </Button>
        </div>
        {guest && (
          <p className={styles.soft}>
            <Trans>A guest who signs out loses the way back to what they made.</Trans>
          </p>
        )}
        {signOut.isError && <Notice tone="bad">{problemMessage(signOut.error)}</Notice>}
      </div>
      {!guest && <About about={me.about} />}
      {!guest && <Keys />}
      {!guest && me.email && <SignInData email={me.email} />}
      <DeleteAccount onGone={onGone} />
    </div>
  );
}

function DeleteAccount({ onGone }: { onGone: () => void }) {
  const remove = useDeleteMe();
  const [sure, setSure] = useState(false);
  return (
    <details>
      <summary>
        <Trans>Delete the account</Trans>
      </summary>
      <div className={styles.section}>
        <p className={styles.soft}>
          <Trans>
            Your name, e-mail, keys, uploads, ratings and unpublished runs are erased. There is no way back.
          </Trans>
        </p>
        <label className={styles.check}>
          <input type="checkbox" checked={sure} onChange={({ target }) => setSure(target.checked)} />{" "}
          <Trans>I understand</Trans>
        </label>
        {remove.isError && <Notice tone="bad">{problemMessage(remove.error)}</Notice>}
        <div className={styles.buttons}>
          <Button
            look="danger"
            disabled={!sure}
            busy={remove.isPending}
            onClick={() => remove.mutate(undefined, { onSuccess: onGone })}
          >
            <Trans>Delete the account for good</Trans>
          </Button>
        </div>
      </div>
    </details>
  );
}
