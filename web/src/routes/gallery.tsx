/** The first page: what people made. */
import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { FilterBar } from "@/features/filters/FilterBar";
import { Gallery } from "@/features/gallery/Gallery";
import { LinkButton } from "@/ui/Button";
import { Empty } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";
import styles from "./pages.module.css";

const route = getRouteApi("/");

export function GalleryPage() {
  const { t } = useLingui();
  usePageTitle(t`Gallery`);
  const filters = route.useSearch();
  const navigate = route.useNavigate();
  const filtered = Object.keys(filters).some((name) => name !== "sort");
  return (
    <>
      <div className={styles.hero}>
        <h1>
          <Trans>See how it was made. Change a word. Run it again.</Trans>
        </h1>
        <p>
          <Trans>Everything here was made by open models, with every prompt, setting and seed shown.</Trans>
        </p>
      </div>
      <FilterBar
        filters={filters}
        placeholder={t`Search prompts, titles, tags`}
        onChange={(search) => void navigate({ search, resetScroll: false })}
      />
      <Gallery filters={filters} empty={filtered ? <NothingFound /> : <NothingYet />} />
    </>
  );
}

function NothingFound() {
  return (
    <Empty title={<Trans>Nothing matches</Trans>}>
      <LinkButton to="/">
        <Trans>Show everything</Trans>
      </LinkButton>
    </Empty>
  );
}

function NothingYet() {
  return (
    <Empty title={<Trans>Nothing has been published yet</Trans>}>
      <LinkButton to="/pipelines" look="main">
        <Trans>Run a pipeline and publish the first</Trans>
      </LinkButton>
    </Empty>
  );
}
