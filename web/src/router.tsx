/** The table of pages: paths and their search parameters; each page's code is fetched when it is opened. */
import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { GalleryPage } from "@/routes/gallery";
import { NotFound } from "@/routes/not-found";
import { RootLayout } from "@/routes/root";
import { gallerySearch, pipelineSearch, pipelinesSearch, signSearch } from "@/routes/search";

const root = createRootRoute({ component: RootLayout, notFoundComponent: NotFound });

const gallery = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: gallerySearch,
  component: GalleryPage,
});

const result = createRoute({ getParentRoute: () => root, path: "/results/$id" }).lazy(
  async () => (await import("@/routes/result")).Route,
);

const pipelines = createRoute({
  getParentRoute: () => root,
  path: "/pipelines",
  validateSearch: pipelinesSearch,
}).lazy(async () => (await import("@/routes/pipelines")).Route);

const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$id",
  validateSearch: pipelineSearch,
}).lazy(async () => (await import("@/routes/pipeline")).Route);

const edit = createRoute({ getParentRoute: () => root, path: "/pipelines/$id/edit" }).lazy(
  async () => (await import("@/routes/edit")).Route,
);

const create = createRoute({ getParentRoute: () => root, path: "/new" }).lazy(
  async () => (await import("@/routes/new")).Route,
);

const runs = createRoute({ getParentRoute: () => root, path: "/runs" }).lazy(
  async () => (await import("@/routes/runs")).Route,
);

const run = createRoute({ getParentRoute: () => root, path: "/runs/$id" }).lazy(
  async () => (await import("@/routes/run")).Route,
);

const author = createRoute({ getParentRoute: () => root, path: "/authors/$handle" }).lazy(
  async () => (await import("@/routes/author")).Route,
);

const signIn = createRoute({ getParentRoute: () => root, path: "/sign-in", validateSearch: signSearch }).lazy(
  async () => (await import("@/routes/sign-in")).Route,
);

const signUp = createRoute({ getParentRoute: () => root, path: "/sign-up", validateSearch: signSearch }).lazy(
  async () => (await import("@/routes/sign-up")).Route,
);

const account = createRoute({ getParentRoute: () => root, path: "/account" }).lazy(
  async () => (await import("@/routes/account")).Route,
);

export const routeTree = root.addChildren([
  gallery,
  result,
  pipelines,
  pipeline,
  edit,
  create,
  runs,
  run,
  author,
  signIn,
  signUp,
  account,
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
