/** An image with its thumbhash shown until it has arrived. */
import { useMemo, useState } from "react";
import { thumbHashToDataURL } from "thumbhash";
import styles from "./Picture.module.css";

interface PictureProps {
  src: string;
  alt: string;
  width: number;
  height: number;
  thumbhash?: string | null | undefined;
  eager?: boolean;
}

export function Picture({ src, alt, width, height, thumbhash, eager }: PictureProps) {
  const [state, setState] = useState<"waiting" | "shown" | "broken">("waiting");
  const placeholder = useMemo(() => placeholderOf(thumbhash), [thumbhash]);
  return (
    <span
      className={styles.frame}
      style={{
        aspectRatio: `${width} / ${height}`,
        backgroundImage: state === "shown" ? undefined : placeholder,
      }}
    >
      <img
        src={src}
        alt={alt}
        width={width}
        height={height}
        loading={eager ? "eager" : "lazy"}
        decoding="async"
        data-state={state}
        onLoad={() => setState("shown")}
        onError={() => setState("broken")}
      />
    </span>
  );
}

function placeholderOf(thumbhash: string | null | undefined): string | undefined {
  if (!thumbhash) return undefined;
  try {
    const bytes = Uint8Array.from(atob(thumbhash), (char) => char.charCodeAt(0));
    return `url(${thumbHashToDataURL(bytes)})`;
  } catch {
    // A damaged hash costs the placeholder, not the picture.
    return undefined;
  }
}
