/** Offers a visitor who wants to act a guest account on the spot, or the way to a full one. */
import { lazy, type ReactNode, Suspense, useCallback, useState } from "react";
import { useMe } from "@/api/accounts";
import { AccountGateContext } from "@/ui/accountGate";

const GuestDialog = lazy(async () => ({ default: (await import("./GuestDialog")).GuestDialog }));

export function AccountGate({ children }: { children: ReactNode }) {
  const { data: me } = useMe();
  const [waiting, setWaiting] = useState<(() => void) | null>(null);
  const ask = useCallback(
    (action: () => void) => {
      if (me) action();
      else setWaiting(() => action);
    },
    [me],
  );
  const close = () => setWaiting(null);
  return (
    <AccountGateContext value={ask}>
      {children}
      {waiting && (
        <Suspense>
          <GuestDialog
            onClose={close}
            onGuest={() => {
              close();
              waiting();
            }}
          />
        </Suspense>
      )}
    </AccountGateContext>
  );
}
