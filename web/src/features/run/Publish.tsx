/** Publishes a run: a title, and which picture stands for it. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useLocation, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { isGuest, useMe } from "@/api/accounts";
import { problemMessage } from "@/api/problems";
import { usePublish } from "@/api/results";
import type { ImageOutput, Run } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Picture } from "@/ui/Picture";
import { Notice } from "@/ui/State";
import styles from "./Run.module.css";

interface PublishProps {
  run: Run;
  title: string;
  onClose: () => void;
}

export function Publish({ run, title: suggested, onClose }: PublishProps) {
  const { data: me } = useMe();
  const publish = usePublish(run.id);
  const navigate = useNavigate();
  const pictures = picturesOf(run);
  const [title, setTitle] = useState(() => suggestTitle(run, suggested));
  const [cover, setCover] = useState(pictures.at(-1)?.id);
  if (me && isGuest(me)) return <NeedsAccount />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.mutate(
      { ...(title.trim() ? { title: title.trim() } : {}), ...(cover ? { cover } : {}) },
      { onSuccess: ({ id }) => void navigate({ to: "/results/$id", params: { id } }) },
    );
  };
  return (
    <form className={styles.publish} onSubmit={submit}>
      <Field label={<Trans>Title</Trans>}>
        <input value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
      </Field>
      {pictures.length > 1 && <Covers pictures={pictures} value={cover} onChange={setCover} />}
      <p className={styles.soft}>
        <Trans>Everybody will see the result, every prompt and setting, and your name.</Trans>
      </p>
      {publish.isError && <Notice tone="bad">{problemMessage(publish.error)}</Notice>}
      <div className={styles.covers}>
        <Button type="submit" look="main" busy={publish.isPending}>
          <Trans>Publish</Trans>
        </Button>
        <Button onClick={onClose}>
          <Trans>Not now</Trans>
        </Button>
      </div>
    </form>
  );
}

function NeedsAccount() {
  const next = useLocation({ select: (location) => location.href });
  return (
    <Notice tone="plain">
      <Trans>
        To publish,{" "}
        <Link to="/sign-up" search={{ next }}>
          complete your account
        </Link>
        : a name, an e-mail and a password.
      </Trans>
    </Notice>
  );
}

interface CoversProps {
  pictures: ImageOutput[];
  value: string | undefined;
  onChange: (id: string) => void;
}

function Covers({ pictures, value, onChange }: CoversProps) {
  const { t } = useLingui();
  return (
    <fieldset className={styles.covers}>
      <legend>
        <Trans>Cover</Trans>
      </legend>
      {pictures.map((picture, index) => (
        <label key={picture.id} className={styles.cover}>
          <input
            type="radio"
            name="cover"
            className="sr-only"
            aria-label={t`Picture ${index + 1}`}
            checked={picture.id === value}
            onChange={() => onChange(picture.id)}
          />
          <Picture src={picture.thumb_url} alt="" width={1} height={1} thumbhash={picture.thumbhash} />
        </label>
      ))}
    </fieldset>
  );
}

function picturesOf(run: Run): ImageOutput[] {
  return run.tasks.flatMap((task) => task.outputs.filter((output) => output.type === "image"));
}

/** The first words that went in, which tell results of one pipeline apart, else the pipeline's title. */
function suggestTitle(run: Run, title: string): string {
  const words = Object.values(run.inputs).find((value) => /\s|^\p{L}{1,30}$/u.test(value));
  return (words ?? title).slice(0, 80);
}
