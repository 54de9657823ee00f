/** Search, sort and filters of a list; the values live in the address, this only shows and changes them. */
import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { useModels } from "@/api/catalogue";
import type { ResultFilters, Sort } from "@/api/types";
import { useKindNames } from "@/ui/useKindNames";
import styles from "./Filters.module.css";
import { SearchBox } from "./SearchBox";

interface FilterBarProps {
  filters: ResultFilters;
  placeholder: string;
  onChange: (filters: ResultFilters) => void;
}

export function FilterBar({ filters, placeholder, onChange }: FilterBarProps) {
  const { t } = useLingui();
  const kinds = useKindNames();
  const models = useModels().data ?? [];
  const set = (name: keyof ResultFilters, value: string | undefined) => {
    const { [name]: _, ...rest } = filters;
    onChange(value ? { ...rest, [name]: value } : rest);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is too new for some of the browsers that are built for
    <div className={styles.bar} role="search">
      <SearchBox value={filters.q ?? ""} placeholder={placeholder} onSearch={(q) => set("q", q)} />
      <SortButtons value={filters.sort ?? "top"} onChange={(sort) => set("sort", sort)} />
      <Choice label={t`Kind`} value={filters.kind} onChange={(kind) => set("kind", kind)}>
        <option value="">{t`Any kind`}</option>
        {Object.entries(kinds).map(([kind, name]) => (
          <option key={kind} value={kind}>
            {name}
          </option>
        ))}
      </Choice>
      <Choice label={t`Model`} value={filters.model} onChange={(model) => set("model", model)}>
        <option value="">{t`Any model`}</option>
        {models.map((model) => (
          <option key={model.id} value={model.id}>
            {model.title}
          </option>
        ))}
      </Choice>
      {filters.tag && (
        <button type="button" className={styles.tag} onClick={() => set("tag", undefined)}>
          #{filters.tag} <span aria-hidden="true">×</span>
          <span className="sr-only">
            <Trans>Remove this tag</Trans>
          </span>
        </button>
      )}
    </div>
  );
}

function SortButtons({ value, onChange }: { value: Sort; onChange: (sort: Sort) => void }) {
  const { t } = useLingui();
  const names: Record<Sort, string> = { top: t`Top`, new: t`New`, trending: t`Trending` };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a visible legend
    <div className={styles.sorts} role="group" aria-label={t`Order`}>
      {(Object.keys(names) as Sort[]).map((sort) => (
        <button key={sort} type="button" aria-pressed={sort === value} onClick={() => onChange(sort)}>
          {names[sort]}
        </button>
      ))}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  onChange: (value: string) => void;
  children: ReactNode;
}

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <select
      className={styles.select}
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value)}
    >
      {children}
    </select>
  );
}
