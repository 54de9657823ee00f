/** How any part asks for an account before it acts; the frame of the page answers (features/shell/AccountGate). */
import { createContext, useContext } from "react";

/** Runs the action at once for whoever is signed in, else after they chose a way in; never when they turn back. */
export type AskForAccount = (action: () => void) => void;

export const AccountGateContext = createContext<AskForAccount>((action) => action());

export function useAccountGate(): AskForAccount {
  return useContext(AccountGateContext);
}
