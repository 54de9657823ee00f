/** What an account may do, and how much of it is used. */
import { useLingui } from "@lingui/react/macro";
import type { Account } from "@/api/types";
import { useFormat } from "@/i18n/useFormat";
import { Facts } from "@/ui/Facts";

export function Quotas({ quotas }: { quotas: NonNullable<Account["quotas"]> }) {
  const { t } = useLingui();
  const format = useFormat();
  const names: Record<string, string> = {
    guest_tasks_today: t`Steps today (with all guests of your network)`,
  };
  const facts = Object.entries(quotas).map(([name, { used, limit }]) => ({
    name: names[name] ?? name.replaceAll("_", " "),
    value: t`${format.number(used)} of ${format.number(limit)}`,
  }));
  return <Facts facts={facts} />;
}
