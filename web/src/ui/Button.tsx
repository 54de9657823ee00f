/** A press: the main one of a page, a quiet one, or one that destroys. */
import { createLink, type LinkComponent } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, Ref } from "react";
import styles from "./Button.module.css";

type Look = "main" | "quiet" | "plain" | "danger";

function classOf(look: Look, small: boolean | undefined): string {
  return `${styles.button} ${styles[look]} ${small ? styles.small : ""}`;
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  small?: boolean;
  busy?: boolean;
}

export function Button({ look = "quiet", small, busy, disabled, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={classOf(look, small)}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {children}
    </button>
  );
}

interface AnchorProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  look?: Look;
  small?: boolean;
  ref?: Ref<HTMLAnchorElement>;
}

/** The router passes a class of its own for the page that is open: it comes on top of the look. */
function ButtonAnchor({ look = "quiet", small, className = "", children, ...rest }: AnchorProps) {
  return (
    <a className={`${classOf(look, small)} ${className}`} {...rest}>
      {children}
    </a>
  );
}

const Created = createLink(ButtonAnchor);

/** A link that looks like a button; it takes the router's `to`, `params` and `search`. */
export const LinkButton: LinkComponent<typeof ButtonAnchor> = (props) => <Created {...props} />;
