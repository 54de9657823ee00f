/** The question itself: go on as a guest, sign in, or open an account. */
import { Trans } from "@lingui/react/macro";
import { useLocation } from "@tanstack/react-router";
import { useContinueAsGuest } from "@/api/accounts";
import { problemMessage } from "@/api/problems";
import { Button, LinkButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/State";

export function GuestDialog({ onClose, onGuest }: { onClose: () => void; onGuest: () => void }) {
  const guest = useContinueAsGuest();
  const next = useLocation({ select: (location) => location.href });
  return (
    <Dialog open onClose={onClose} title={<Trans>Who is working?</Trans>}>
      <p>
        <Trans>
          As a guest you can start at once, with a small allowance. Whatever you make stays yours if you
          complete the account later.
        </Trans>
      </p>
      {guest.isError && <Notice tone="bad">{problemMessage(guest.error)}</Notice>}
      <Button
        look="main"
        busy={guest.isPending}
        onClick={() => guest.mutate(undefined, { onSuccess: onGuest })}
      >
        <Trans>Continue as a guest</Trans>
      </Button>
      <LinkButton to="/sign-in" search={{ next }} onClick={onClose}>
        <Trans>Sign in</Trans>
      </LinkButton>
      <LinkButton to="/sign-up" search={{ next }} look="plain" onClick={onClose}>
        <Trans>Create an account</Trans>
      </LinkButton>
    </Dialog>
  );
}
