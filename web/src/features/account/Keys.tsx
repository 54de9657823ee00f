/** API keys: make one (shown once), see them, take one back. */
import { Trans, useLingui } from "@lingui/react/macro";
import { type FormEvent, useState } from "react";
import { useCreateKey, useDeleteKey, useKeys } from "@/api/keys";
import { problemMessage } from "@/api/problems";
import type { ApiKey } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { PromptBlock } from "@/ui/PromptBlock";
import { Notice } from "@/ui/State";
import styles from "./Account.module.css";

export function Keys() {
  const keys = useKeys();
  return (
    <section className={styles.section} aria-labelledby="keys">
      <h2 id="keys">
        <Trans>API keys</Trans>
      </h2>
      <p className={styles.soft}>
        <Trans>
          Everything this page does, the API does. A key stands for you: see{" "}
          <a href="/api/docs">the API's pages</a>.
        </Trans>
      </p>
      {keys.isError && <Notice tone="bad">{problemMessage(keys.error)}</Notice>}
      <ul>
        {keys.data?.items.map((key) => (
          <KeyItem key={key.id} item={key} />
        ))}
      </ul>
      <NewKey />
    </section>
  );
}

function KeyItem({ item }: { item: ApiKey }) {
  const { t } = useLingui();
  const format = useFormat();
  const remove = useDeleteKey();
  return (
    <li className={styles.key}>
      <strong>{item.name}</strong>
      <code>{item.prefix}…</code>
      <span className={styles.soft}>
        {item.last_used_at ? (
          <Trans>last used: {format.ago(item.last_used_at)}</Trans>
        ) : (
          <Trans>never used, made: {format.ago(item.created_at)}</Trans>
        )}
        {item.expires_at && (
          <>
            {" · "}
            <Trans>works until {format.date(item.expires_at)}</Trans>
          </>
        )}
      </span>
      <Button
        look="plain"
        small
        busy={remove.isPending}
        aria-label={t`Delete the key ${item.name}`}
        onClick={() => remove.mutate(item.id)}
      >
        <Trans>Delete</Trans>
      </Button>
    </li>
  );
}

function NewKey() {
  const { t } = useLingui();
  const create = useCreateKey();
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(name.trim(), { onSuccess: () => setName("") });
  };
  return (
    <form className={styles.section} onSubmit={submit}>
      {create.data && (
        <>
          <PromptBlock label={t`Your new key`} text={create.data.key} />
          <Notice tone="plain">
            <Trans>Keep it now: it is shown this once only.</Trans>
          </Notice>
        </>
      )}
      <Field label={<Trans>What is the key for?</Trans>}>
        <input
          value={name}
          maxLength={100}
          required
          placeholder={t`my script`}
          onChange={({ target }) => setName(target.value)}
        />
      </Field>
      {create.isError && <Notice tone="bad">{problemMessage(create.error)}</Notice>}
      <div className={styles.buttons}>
        <Button type="submit" busy={create.isPending} disabled={!name.trim()}>
          <Trans>Make a key</Trans>
        </Button>
      </div>
    </form>
  );
}
