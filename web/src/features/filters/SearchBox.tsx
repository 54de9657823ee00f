/** A search field that searches by itself when one stops typing, and at once on Enter. */
import { useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import styles from "./Filters.module.css";

const PAUSE_MS = 350;

interface SearchBoxProps {
  value: string;
  placeholder: string;
  onSearch: (q: string) => void;
}

export function SearchBox({ value, placeholder, onSearch }: SearchBoxProps) {
  const { t } = useLingui();
  const [draft, setDraft] = useState(value);
  const [last, setLast] = useState(value);
  // The address changed by itself (back, a link): show what it says.
  if (value !== last) {
    setLast(value);
    if (value !== draft.trim()) setDraft(value);
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the pause; onSearch is new at each render
  useEffect(() => {
    if (draft.trim() === value) return;
    const timer = setTimeout(() => onSearch(draft.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  return (
    <form
      className={styles.search}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(draft.trim());
      }}
    >
      <input
        type="search"
        aria-label={t`Search`}
        placeholder={placeholder}
        value={draft}
        maxLength={200}
        onChange={(event) => setDraft(event.target.value)}
      />
    </form>
  );
}
