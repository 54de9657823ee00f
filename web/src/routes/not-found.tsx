/** An address that leads nowhere. */
import { Trans } from "@lingui/react/macro";
import { LinkButton } from "@/ui/Button";
import { Empty } from "@/ui/State";

export function NotFound() {
  return (
    <Empty whole title={<Trans>There is no such page</Trans>}>
      <LinkButton to="/">
        <Trans>To the gallery</Trans>
      </LinkButton>
    </Empty>
  );
}
