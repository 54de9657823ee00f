/** Chooses the picture of an image input: a file of one's own, or a picture that is here already. */
import { Trans } from "@lingui/react/macro";
import { lazy, Suspense, useId, useState } from "react";
import { problemMessage } from "@/api/problems";
import { UPLOAD_TYPES, useUpload } from "@/api/uploads";
import { useAccountGate } from "@/ui/accountGate";
import { Button } from "@/ui/Button";
import type { ChosenImage } from "./form";
import styles from "./RunForm.module.css";

const PicturePicker = lazy(async () => ({ default: (await import("./PicturePicker")).PicturePicker }));

interface ImageFieldProps {
  label: string;
  value: ChosenImage | null;
  error: string | undefined;
  onChange: (image: ChosenImage) => void;
}

export function ImageField({ label, value, error, onChange }: ImageFieldProps) {
  const ask = useAccountGate();
  const upload = useUpload();
  const [picking, setPicking] = useState(false);
  const problem = upload.isError ? problemMessage(upload.error) : error;
  const errorId = useId();
  const send = (file: File | undefined) => {
    if (!file) return;
    ask(() =>
      upload.mutate(file, { onSuccess: ({ id }) => onChange({ id, url: URL.createObjectURL(file) }) }),
    );
  };
  return (
    <fieldset className={styles.image} aria-describedby={problem ? errorId : undefined}>
      <legend>{label}</legend>
      <div className={styles.chosen}>
        <div className={styles.preview}>
          <Preview value={value} />
        </div>
        <div className={styles.buttons}>
          <FileButton busy={upload.isPending} onFile={send} />
          <Button small onClick={() => setPicking(true)}>
            <Trans>Choose one from here</Trans>
          </Button>
        </div>
      </div>
      {problem && (
        <span id={errorId} className={styles.error} role="alert">
          {problem}
        </span>
      )}
      {picking && (
        <Suspense>
          <PicturePicker
            onClose={() => setPicking(false)}
            onPick={(image) => {
              onChange(image);
              setPicking(false);
            }}
          />
        </Suspense>
      )}
    </fieldset>
  );
}

function Preview({ value }: { value: ChosenImage | null }) {
  if (value?.url) return <img src={value.url} alt="" />;
  return value ? <Trans>chosen</Trans> : <Trans>no picture yet</Trans>;
}

function FileButton({ busy, onFile }: { busy: boolean; onFile: (file: File | undefined) => void }) {
  const id = useId();
  return (
    <span className={styles.file}>
      <input
        id={id}
        type="file"
        className="sr-only"
        accept={UPLOAD_TYPES.join(",")}
        onChange={(event) => {
          onFile(event.target.files?.[0]);
          // The same file can then be chosen again after a refusal.
          event.target.value = "";
        }}
      />
      <Button small busy={busy} tabIndex={-1} onClick={() => document.getElementById(id)?.click()}>
        <Trans>Upload a file</Trans>
      </Button>
    </span>
  );
}
