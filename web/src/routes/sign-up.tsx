/** The page for opening an account, or completing a guest's. */
import { useLingui } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { isGuest, useMe } from "@/api/accounts";
import { SignUp } from "@/features/account/SignUp";
import { Loading } from "@/ui/State";
import { usePageTitle } from "@/ui/usePageTitle";

export const Route = createLazyRoute("/sign-up")({ component: SignUpPage });
const route = getRouteApi("/sign-up");

function SignUpPage() {
  const { t } = useLingui();
  const { next } = route.useSearch();
  const router = useRouter();
  const { data: me, isPending } = useMe();
  usePageTitle(t`Create an account`);
  if (isPending) return <Loading />;
  return (
    <SignUp
      guest={Boolean(me && isGuest(me))}
      next={next}
      onDone={() => router.history.replace(next ?? "/")}
    />
  );
}
