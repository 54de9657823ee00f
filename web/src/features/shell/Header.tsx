/** The bar on top: where one can go, language, theme, and who is signed in. */
import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { isGuest, useMe } from "@/api/accounts";
import { LinkButton } from "@/ui/Button";
import { LanguageSwitch } from "./LanguageSwitch";
import styles from "./Shell.module.css";
import { ThemeSwitch } from "./ThemeSwitch";

export function Header() {
  return (
    <header className={styles.header}>
      <Link to="/" className={styles.brand}>
        Atelier
      </Link>
      <Nav />
      <div className={styles.tools}>
        <LanguageSwitch />
        <ThemeSwitch />
        <Session />
      </div>
    </header>
  );
}

function Nav() {
  const { t } = useLingui();
  const { data: me } = useMe();
  return (
    <nav aria-label={t`Main`} className={styles.nav}>
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
        <Trans>Gallery</Trans>
      </Link>
      <Link to="/pipelines">
        <Trans>Pipelines</Trans>
      </Link>
      <Link to="/new">
        <Trans>Create</Trans>
      </Link>
      {me && (
        <Link to="/runs">
          <Trans>My runs</Trans>
        </Link>
      )}
    </nav>
  );
}

function Session() {
  const { data: me, isPending } = useMe();
  if (isPending) return null;
  if (!me)
    return (
      <LinkButton to="/sign-in" small>
        <Trans>Sign in</Trans>
      </LinkButton>
    );
  return (
    <LinkButton to="/account" small>
      {isGuest(me) ? <Trans>Guest</Trans> : me.handle}
    </LinkButton>
  );
}
