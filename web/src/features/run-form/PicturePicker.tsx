/** Pictures that can go into an image input: one's own runs' and the gallery's. */
import { Trans, useLingui } from "@lingui/react/macro";
import { useMe } from "@/api/accounts";
import { useResults } from "@/api/results";
import { useRuns } from "@/api/runs";
import type { ImageOutput, Output } from "@/api/types";
import { Dialog } from "@/ui/Dialog";
import { Picture } from "@/ui/Picture";
import { Loading } from "@/ui/State";
import type { ChosenImage } from "./form";
import styles from "./RunForm.module.css";

const SHOWN = 40;

interface PicturePickerProps {
  onClose: () => void;
  onPick: (image: ChosenImage) => void;
}

export function PicturePicker({ onClose, onPick }: PicturePickerProps) {
  const { data: me } = useMe();
  const runs = useRuns({ enabled: Boolean(me) });
  const gallery = useResults({});
  const own = runs.data?.pages.flatMap((page) =>
    page.items.flatMap((run) => run.tasks.flatMap((task) => task.outputs)),
  );
  const covers = gallery.data?.pages.flatMap((page) => page.items.flatMap((item) => item.cover ?? []));
  return (
    <Dialog open wide onClose={onClose} title={<Trans>Choose a picture</Trans>}>
      {own?.some(isImage) && (
        <section className={styles.group}>
          <h3>
            <Trans>From my runs</Trans>
          </h3>
          <Grid outputs={own} onPick={onPick} />
        </section>
      )}
      <section className={styles.group}>
        <h3>
          <Trans>From the gallery</Trans>
        </h3>
        {covers ? <Grid outputs={covers} onPick={onPick} /> : <Loading />}
      </section>
    </Dialog>
  );
}

function Grid({ outputs, onPick }: { outputs: Output[]; onPick: (image: ChosenImage) => void }) {
  const { t } = useLingui();
  return (
    <div className={styles.grid}>
      {outputs
        .filter(isImage)
        .slice(0, SHOWN)
        .map((image, index) => (
          <button
            key={image.id}
            type="button"
            className={styles.pick}
            aria-label={t`Picture ${index + 1}`}
            onClick={() => onPick({ id: image.id, url: image.thumb_url })}
          >
            <Picture src={image.thumb_url} alt="" width={1} height={1} thumbhash={image.thumbhash} />
          </button>
        ))}
    </div>
  );
}

function isImage(output: Output): output is ImageOutput {
  return output.type === "image";
}
