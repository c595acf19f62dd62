"""A saga of three steps, which are undone if one of them fails.

    python examples/saga.py

Steps and compensations are transactions of their own: the publication is elsewhere, so no
transaction could hold all of them. The ids are the orchestration's, and known before the
first step. So a compensation needs to know only that a step may have begun, not how it
ended; and after a crash the saga is either run again with the same ids, where what is
stored is a replay, or given up by ``discard``. Both may be repeated until they succeed. A
saga that is run again and fails undoes the first run, too.

If a connection is lost during a COMMIT, the server may still be at it, as long as it waits
for a synchronous standby. A discard does not see that draft, and has to be repeated then.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import psycopg

from production_sql import (
    AlreadyExistsError,
    AssetDTO,
    ContentDraftDTO,
    DraftBundleDTO,
    bundles,
    drafts,
    embedded,
    schema,
)
from production_sql.adapter import DraftContent, ProductionAdapter, new_id

Connect = Callable[[], AbstractContextManager[psycopg.Connection]]


class Saga:
    """From a strategy to a published bundle, or to nothing."""

    def __init__(
        self,
        connect: Connect,
        production: ProductionAdapter,
        publish: Callable[[DraftBundleDTO], None],
        withdraw: Callable[[str], None],
    ) -> None:
        self._connect = connect
        self._production = production
        self._publish = publish
        self._withdraw = withdraw

    def run(self, strategy_id: str, draft_id: str, bundle_id: str) -> DraftBundleDTO:
        """Return the published bundle; or raise what a step has raised, with all undone."""
        with ExitStack() as compensations:
            compensations.callback(self._discard_draft, draft_id)
            try:
                self._production.generate_draft(strategy_id, draft_id=draft_id)
            except AlreadyExistsError:
                compensations.pop_all()  # it is another strategy's, and stays
                raise

            # Without a compensation: the draft takes its bundles and their assets with it.
            bundle = self._production.assemble_bundle(draft_id, bundle_id=bundle_id)

            compensations.callback(self._withdraw, bundle_id)
            self._publish(bundle)

            compensations.pop_all()  # not called, as all has gone well
        return bundle

    def _discard_draft(self, draft_id: str) -> None:
        with self._connect() as conn:
            drafts.discard(conn, draft_id)


def write(strategy_id: str) -> DraftContent:
    """Write a draft, as a language model might do, for minutes."""
    return DraftContent(content_type="blog_post", body=f"All about {strategy_id}")


def collect(draft: ContentDraftDTO) -> list[AssetDTO]:
    """Collect what goes with a draft."""
    url = f"https://assets.example.org/{draft.draft_id}.jpg"
    return [AssetDTO(asset_id=new_id(), asset_type="image", url=url)]


def main() -> None:
    """Run a saga whose publication fails, and one that ends well."""
    published: set[str] = set()

    def fail(_bundle: DraftBundleDTO) -> None:
        raise ConnectionError("the publisher does not answer")

    def publish(bundle: DraftBundleDTO) -> None:
        published.add(bundle.bundle_id)

    with embedded.server() as dsn:
        schema.apply(dsn)

        def connect() -> psycopg.Connection:
            return psycopg.connect(dsn)

        production = ProductionAdapter(connect, write, collect)
        ids = new_id(), new_id()
        try:
            Saga(connect, production, fail, published.discard).run("spring", *ids)
        except ConnectionError as error:
            with connect() as conn:
                print(f"{error}; stored is {drafts.fetch(conn, ids[0])}")

        bundle = Saga(connect, production, publish, published.discard).run("spring", *ids)
        with connect() as conn:
            print(f"stored is {bundles.fetch(conn, bundle.bundle_id)}")


if __name__ == "__main__":
    main()
