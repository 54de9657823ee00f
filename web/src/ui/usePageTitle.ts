/** Names the page in the browser's tab. */
import { useEffect } from "react";

export function usePageTitle(title: string | undefined) {
  useEffect(() => {
    document.title = title ? `${title} · Atelier` : "Atelier";
  }, [title]);
}
