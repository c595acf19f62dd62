"""Whether a column of a result can be NULL; what cannot be decided can."""

from .catalog import Function
from .nodes import Node
from .scope import (
    DELETE,
    FULL_JOIN,
    FUNCTION,
    GROUP,
    INNER_JOIN,
    INSERT,
    JOIN,
    LEFT_JOIN,
    MERGE,
    RELATION,
    RIGHT_JOIN,
    SUBQUERY,
    UPDATE,
    VALUES,
    Expression,
    Scope,
    Stored,
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_THROUGH = {
    "ARRAYCOERCEEXPR",
    "COERCEVIAIO",
    "COLLATEEXPR",
    "CONVERTROWTYPEEXPR",
    "NAMEDARGEXPR",
    "RELABELTYPE",
}
# What a condition proves of one of these, made of nothing else, holds in the result too.
_REPEATABLE = {
    "COERCETODOMAIN",
    "COLLATEEXPR",
    "CONST",
    "FUNCEXPR",
    "OPEXPR",
    "PARAM",
    "RELABELTYPE",
    "SUBSCRIPTINGREF",
    "VAR",
}
_NEVER = {
    "ARRAYEXPR",
    "BOOLEANTEST",
    "GROUPINGFUNC",
    "MERGESUPPORTFUNC",
    "NEXTVALUEEXPR",
    "NULLTEST",
    "ROWEXPR",
}
# Of arguments that are not NULL these make no NULL, whatever the types and the values are;
# tests/test_check_nullability.py calls each of them.
_TOTAL_OPERATORS = _names(
    """
    + - * / % ^ || = <> < <= > >= ~~ !~~ ~~* !~~* ~ !~ ~* !~* ^@ @> <@ && ? ?| ?& & | # <<
    >> <<= >>= &< &> -|- #- @ |/ ||/
    """
)
# Two lines need not meet, and an open path and a closed one make none.
_GEOMETRIC = "G"
_TOTAL_FUNCTIONS = _names(
    """
    abs age array_append array_cat array_fill array_positions array_prepend array_remove
    array_replace array_reverse array_sort array_to_json array_to_string ascii bit_count
    bit_length broadcast btrim cardinality casefold cbrt ceil ceiling char_length
    character_length chr clock_timestamp concat_ws convert_from convert_to
    current_database date_add date_bin date_subtract date_trunc decode degrees div encode
    exp factorial family floor format gcd gen_random_uuid get_bit get_byte hashtext
    hashtextextended host initcap isempty isfinite json_array_length json_strip_nulls
    json_typeof jsonb_array_length jsonb_insert jsonb_pretty jsonb_set jsonb_strip_nulls
    jsonb_typeof justify_days justify_hours justify_interval lcm left length ln log lower
    lower_inc lower_inf lpad ltrim make_date make_interval make_time make_timestamp
    make_timestamptz masklen md5 mod netmask network nextval normalize now numnode
    octet_length overlay phraseto_tsquery pi plainto_tsquery position power quote_ident
    quote_literal radians random range_merge regexp_count regexp_instr regexp_like
    regexp_replace regexp_split_to_array repeat replace reverse right round row_to_json
    rpad rtrim set_bit set_byte setweight sha224 sha256 sha384 sha512 sign split_part sqrt
    starts_with statement_timestamp string_to_array strip strpos substr substring
    timeofday timezone to_date to_hex to_json to_jsonb to_timestamp to_tsquery to_tsvector
    transaction_timestamp translate trim_array trim_scale trunc ts_headline ts_rank
    ts_rank_cd upper upper_inc upper_inf uuidv4 uuidv7 websearch_to_tsquery width_bucket
    """
)
# A range need not have a bound, nor a text what a regular expression looks for.
_PARTIAL = {
    ("lower", "anyrange"),
    ("lower", "anymultirange"),
    ("upper", "anyrange"),
    ("upper", "anymultirange"),
    ("substring", "text, text"),
    ("substring", "text, text, text"),
}
# And these whatever their arguments are, but for a whole array of them that is NULL.
_NEVER_FUNCTIONS = _names(
    """
    concat daterange int4range int8range json_build_array json_build_object
    jsonb_build_array jsonb_build_object num_nonnulls num_nulls numrange pg_backend_pid
    pg_typeof quote_nullable tsrange tstzrange
    """
)
_NEVER_AGGREGATES = _names(
    "count cume_dist dense_rank percent_rank rank regr_count row_number"
)
# Of a group that has rows these are not NULL, or only if their first argument is.
_TOTAL_AGGREGATES = _names(
    """
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or every json_agg
    json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique
    json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg
    jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min
    string_agg sum
    """
)
_EVEN_OF_NULL = frozenset(
    name for name in _TOTAL_AGGREGATES if name.startswith(("array_agg", "json"))
)
_OF_FRAME = _names("first_value last_value")
_WITH_DEFAULT = _names("lag lead")
_DEFAULT = 3  # the argument
_TOTAL_SERIES = _names(
    """
    generate_series generate_subscripts json_array_elements json_each json_object_keys
    jsonb_array_elements jsonb_each jsonb_object_keys regexp_split_to_table
    """
)
# Bits of a window's frame: it begins no later than the row, ends no earlier, and has none
# taken out.
_BEGINS = 0x00020 | 0x00200
_ENDS = 0x00100 | 0x00400
_EXCLUDES = 0x08000 | 0x10000 | 0x20000
_EXISTS, _ALL, _ANY, _ROWCOMPARE, _SCALAR, _, _ARRAY = range(7)
_EXTERNAL, _OF_SUBLINK = "0", "2"
_OLD, _NEW = 1, 2
_NOT_MATCHED_BY_SOURCE = 1
_CURRENT_SCHEMA = 14
_IS_NOT_NULL = 1
_TRUE, _FALSE, _NOT_UNKNOWN = 0, 2, 5
_JSON_OBJECT, _JSON_ARRAY = 1, 2
_SELECT = 1


class Nullability:
    """Decides for one statement."""

    def __init__(self) -> None:
        self._open: set[tuple[int, int]] = set()
        self._proofs: dict[tuple[int, bool], set[str]] = {}
        self._grouped: dict[int, set[str]] = {}

    def of_output(self, scope: Scope, position: int) -> bool:
        """Tell if a result column, counted from 1, can be NULL."""
        return self._any_of(scope.outputs(position))

    def of(self, scope: Scope, node: Node) -> bool:
        """Tell if an expression can be NULL."""
        kind = node.kind
        if kind == "CONST":
            return node.flag("constisnull")
        if self._is_grouped(scope, node):
            return True
        if kind in _NEVER:
            return False
        if kind in _REPEATABLE and kind != "VAR":
            key = node.key()
            if key in scope.given or self._is_proven(scope, key):
                return False
        if kind in _THROUGH:
            return self.of(scope, node["arg"])
        decide = getattr(self, f"_{kind.lower()}", None)
        return True if decide is None else bool(decide(scope, node))

    def _any(self, scope: Scope, nodes: list[Node]) -> bool:
        return any(self.of(scope, node) for node in nodes)

    def _any_of(self, expressions: list[Expression]) -> bool:
        for scope, expression in expressions:
            # A recursive query that comes back to its own column adds nothing.
            key = (id(expression), scope.ignored)
            if key in self._open:
                continue
            self._open.add(key)
            try:
                if self.of(scope, expression):
                    return True
            finally:
                self._open.discard(key)
        return False

    def _is_grouped(self, scope: Scope, node: Node) -> bool:
        """Tell if grouping sets can leave out an expression, which then is NULL.

        From PostgreSQL 18 on such a one is a column, of an entry for what is grouped.
        """
        query = scope.query
        if not query.nodes("groupingSets") or query.flag("hasGroupRTE"):
            return False
        if id(query) not in self._grouped:
            clauses = query.nodes("groupClause")
            numbers = {clause.number("tleSortGroupRef") for clause in clauses}
            self._grouped[id(query)] = {
                entry["expr"].key()
                for entry in query.nodes("targetList")
                if entry.number("ressortgroupref") in numbers
            }
        return node.key() in self._grouped[id(query)]

    def _is_proven(self, scope: Scope, key: str, *, is_old: bool = False) -> bool:
        """Tell if the query's conditions leave no row with a NULL here."""
        known = (id(scope.query), is_old)
        if known not in self._proofs:
            self._proofs[known] = _proven(scope, is_old=is_old)
        # A condition says nothing of what grouping sets leave out after it.
        is_kept = not (scope.is_written or scope.query.nodes("groupingSets"))
        return is_kept and key in self._proofs[known]

    def _var(self, scope: Scope, var: Node) -> bool:
        home = scope.up(var.number("varlevelsup"))
        number = var.number("varattno")
        returning = var.number("varreturningtype")
        # What the statement may do, and its RETURNING tell of: old is not there of a row
        # that it inserts, nor new of one that it deletes.
        commands = {home.query.number("commandType")}
        actions = home.query.nodes("mergeActionList")
        if MERGE in commands:
            commands = {action.number("commandType") for action in actions}
        if returning == _OLD and INSERT in commands:
            return True
        if returning == _NEW and DELETE in commands:
            return True
        at_home = Node("VAR")
        at_home.update(var, varlevelsup="0")
        if at_home.key() in home.given:
            return False
        row = _row(at_home)
        has_row = row in home.given
        if returning:
            at_home["varreturningtype"] = "0"
        is_old = returning == _OLD
        if self._is_proven(home, at_home.key(), is_old=is_old):
            return False
        has_row = has_row or self._is_proven(home, row, is_old=is_old)
        if var.numbers("varnullingrels") - {home.ignored} and not has_row:
            return True
        is_target = home.is_target(var)
        if not is_target and any(
            action.number("matchKind") == _NOT_MATCHED_BY_SOURCE for action in actions
        ):
            return True
        entry = home.entry(var)
        kind = entry.number("rtekind")
        is_grouped = kind == GROUP or not home.query.flag("hasGroupRTE")
        if is_grouped and home.query.nodes("groupingSets"):
            return True
        if kind == FUNCTION:
            return not _is_total_column(home, entry, number)
        if kind == JOIN and number > 0:
            return self._join_column(home, var, entry["joinaliasvars"][number - 1])
        if kind == RELATION and is_target:
            relation = home.catalog.relations.get(entry.number("relid"))
            if relation is None or relation.is_rewritten:
                return True
        source = home.source(at_home)
        if isinstance(source, Stored):
            column = scope.catalog.columns.get(source)
            # A system column, or the row itself, if there is none.
            return number > 0 and not (column is not None and column.is_not_null)
        if source is None:
            return number > 0
        return self._any_of(source)

    def _join_column(self, scope: Scope, var: Node, alias: Node) -> bool:
        # Of the two that a FULL JOIN USING merges, one is there.
        entry = scope.entry(var)
        if entry.number("jointype") == FULL_JOIN and alias.kind == "COALESCEEXPR":
            return self._any(scope.without_join(var.number("varno")), alias["args"])
        return self.of(scope, alias)

    def _param(self, scope: Scope, node: Node) -> bool:
        if node["paramkind"] == _OF_SUBLINK:
            return False  # which has looked at it before
        is_external = node["paramkind"] == _EXTERNAL
        return not is_external or scope.parameters.get(node.number("paramid"), True)

    def _funcexpr(self, scope: Scope, node: Node) -> bool:
        function = scope.catalog.functions.get(node.number("funcid"))
        if function is None or not function.is_system or node.flag("funcretset"):
            return True
        arguments = node.nodes("args")
        if function.name in _NEVER_FUNCTIONS and not node.flag("funcvariadic"):
            return False
        if function.name == "current_setting":  # with a second argument it may be missing
            return len(arguments) != 1 or self._any(scope, arguments)
        return not _is_total(function) or self._any(scope, arguments)

    def _opexpr(self, scope: Scope, node: Node) -> bool:
        is_total = _is_total_operator(scope, node.number("opno"))
        return not is_total or self._any(scope, node["args"])

    def _distinctexpr(self, scope: Scope, node: Node) -> bool:
        # It is by the operator =, of a type of somebody's maybe.
        return not _is_total_operator(scope, node.number("opno"), "=")

    def _rowcompareexpr(self, scope: Scope, node: Node) -> bool:
        operators = node.nodes("opnos")[1:]
        is_total = all(_is_total_operator(scope, int(each)) for each in operators)
        return not is_total or self._any(scope, node["largs"] + node["rargs"])

    def _boolexpr(self, scope: Scope, node: Node) -> bool:
        return self._any(scope, node["args"])

    def _scalararrayopexpr(self, scope: Scope, node: Node) -> bool:
        # An element of the array may be NULL; those of a constructed one are looked at.
        scalar, array = node["args"]
        while array.kind in _THROUGH:
            array = array["arg"]
        if array.kind != "ARRAYEXPR" or array.flag("multidims"):
            return True
        is_total = _is_total_operator(scope, node.number("opno"))
        return not is_total or self._any(scope, [scalar, *array.nodes("elements")])

    def _coalesceexpr(self, scope: Scope, node: Node) -> bool:
        return all(self.of(scope, argument) for argument in node["args"])

    _minmaxexpr = _coalesceexpr  # greatest and least pass over a NULL

    def _caseexpr(self, scope: Scope, node: Node) -> bool:
        if node["defresult"] is None:
            return True
        given = scope.given
        for when in node["args"]:
            true = _if_true(scope, when["expr"], None)
            if self.of(scope.where(given | true), when["result"]):
                return True
            given = given | _if_not_true(scope, when["expr"])
        return self.of(scope.where(given), node["defresult"])

    def _coercetodomain(self, scope: Scope, node: Node) -> bool:
        domain = scope.catalog.types.get(node.number("resulttype"))
        if domain is not None and domain.is_not_null:
            return False
        return self.of(scope, node["arg"])

    def _sqlvaluefunction(self, _: Scope, node: Node) -> bool:
        return node.number("op") == _CURRENT_SCHEMA

    def _targetentry(self, scope: Scope, node: Node) -> bool:
        return self.of(scope, node["expr"])

    def _aggref(self, scope: Scope, node: Node) -> bool:
        function = scope.catalog.functions.get(node.number("aggfnoid"))
        if function is None or not function.is_system:
            return True
        if function.name in _NEVER_AGGREGATES:
            return False
        query = scope.up(node.number("agglevelsup")).query
        has_rows = query.nodes("groupClause") and not query.nodes("groupingSets")
        if not has_rows or node["aggfilter"] or function.name not in _TOTAL_AGGREGATES:
            return True
        # Nothing is given of the group's rows by what its result is used for.
        arguments = scope.where(frozenset())
        return function.name not in _EVEN_OF_NULL and self.of(arguments, node["args"][0])

    def _windowfunc(self, scope: Scope, node: Node) -> bool:
        function = scope.catalog.functions.get(node.number("winfnoid"))
        if function is None or not function.is_system:
            return True
        name, arguments = function.name, node.nodes("args")
        scope = scope.where(frozenset())  # as the rows are others
        if name in _NEVER_AGGREGATES:
            return False
        if name == "ntile" or (name in _WITH_DEFAULT and len(arguments) == _DEFAULT):
            return self._any(scope, arguments)
        if name not in _TOTAL_AGGREGATES | _OF_FRAME or node["aggfilter"]:
            return True
        if not _has_own_row(scope, node.number("winref")):
            return True
        return name not in _EVEN_OF_NULL and self.of(scope, arguments[0])

    def _jsonispredicate(self, scope: Scope, node: Node) -> bool:
        return self.of(scope, node["expr"])

    def _jsonvalueexpr(self, scope: Scope, node: Node) -> bool:
        return self.of(scope, node["formatted_expr"] or node["raw_expr"])

    def _jsonconstructorexpr(self, scope: Scope, node: Node) -> bool:
        coercion = node["coercion"]
        if coercion is not None and coercion.kind not in _THROUGH:
            return True
        if node["func"] is not None:
            return self.of(scope, node["func"])
        is_made = node.number("type") in (_JSON_OBJECT, _JSON_ARRAY)
        return not is_made and self._any(scope, node.nodes("args"))

    def _sublink(self, scope: Scope, node: Node) -> bool:
        kind = node.number("subLinkType")
        if kind in (_EXISTS, _ARRAY):
            return False
        inner = scope.within(node["subselect"])
        columns = range(1, len(inner.targets()) + 1)
        can_be_null = any(self.of_output(inner, column) for column in columns)
        if kind == _SCALAR:
            return can_be_null or not _has_row(inner)
        if kind in (_ALL, _ANY) and node["testexpr"] is not None:
            return can_be_null or self.of(scope, node["testexpr"])
        return True


def _is_total(function: Function) -> bool:
    is_partial = (function.name, function.arguments) in _PARTIAL
    return function.is_total_cast or (function.name in _TOTAL_FUNCTIONS and not is_partial)


def _is_total_operator(scope: Scope, oid: int, name: str | None = None) -> bool:
    operator = scope.catalog.operators.get(oid)
    return (
        operator is not None
        and operator.is_system
        and operator.name in (_TOTAL_OPERATORS if name is None else (name,))
        and operator.category != _GEOMETRIC
    )


def _has_row(scope: Scope) -> bool:
    """Tell if a subquery has a row whatever the tables hold."""
    query = scope.query
    if query["limitCount"] or query["limitOffset"] or query["havingQual"]:
        return False
    if query["setOperations"] or query.flag("hasTargetSRFs") or query.nodes("groupingSets"):
        return False
    if query.flag("hasAggs") and not query.nodes("groupClause"):
        return True
    tree = query["jointree"]
    if query.number("commandType") != _SELECT or tree["quals"] is not None:
        return False
    return all(_has_rows(scope, item) for item in tree.nodes("fromlist"))


def _has_rows(scope: Scope, item: Node) -> bool:
    """Tell if what is in FROM has a row whatever the tables hold."""
    if item.kind != "RANGETBLREF":
        return False
    entry = scope.query["rtable"][item.number("rtindex") - 1]
    if entry.number("rtekind") == SUBQUERY:
        return _has_row(scope.within(entry["subquery"]))
    return bool(entry.number("rtekind") == VALUES)


def _is_total_column(scope: Scope, entry: Node, number: int) -> bool:
    """Tell if a function in FROM has no NULL in a column: a series, or an ordinality."""
    functions = entry.nodes("functions")
    count = sum(function.number("funccolcount") for function in functions)
    if entry.flag("funcordinality") and number == count + 1:
        return True
    if len(functions) > 1 or functions[0]["funcexpr"].kind != "FUNCEXPR":
        return False  # of two functions the shorter one is filled up with NULL
    oid = functions[0]["funcexpr"].number("funcid")
    function = scope.catalog.functions.get(oid)
    if function is None or not function.is_system:
        return False
    return function.name in _TOTAL_SERIES


def _has_own_row(scope: Scope, reference: int) -> bool:
    """Tell if a window's frame holds the row that it is of."""
    clauses = scope.query.nodes("windowClause")
    window = next(each for each in clauses if each.number("winref") == reference)
    options = window.number("frameOptions")
    return bool(options & _BEGINS and options & _ENDS and not options & _EXCLUDES)


def _proven(scope: Scope, *, is_old: bool) -> set[str]:
    """Return what the query's conditions leave no NULL in, by its keys."""
    query = scope.query
    command = query.number("commandType")
    tree = query["jointree"]
    if command in (INSERT, MERGE) or tree is None:
        return set()
    # What RETURNING shows of an UPDATE's target is what was set after the condition.
    changed = query["resultRelation"] if command == UPDATE and not is_old else None
    found: set[str] = set()
    for condition in _conditions(tree):
        found |= _if_true(scope, condition, changed)
    return found


def _conditions(tree: Node) -> list[Node]:
    """Return the conditions that every row of the result has met."""
    found = [tree["quals"]] if tree["quals"] is not None else []
    if tree.kind == "FROMEXPR":
        inner = tree.nodes("fromlist")
    else:
        kind = tree.number("jointype")
        if kind != INNER_JOIN:
            found = []
        sides = {
            INNER_JOIN: ("larg", "rarg"),
            LEFT_JOIN: ("larg",),
            RIGHT_JOIN: ("rarg",),
        }
        inner = [tree[side] for side in sides.get(kind, ())]
    return found + [
        condition
        for item in inner
        if item.kind == "JOINEXPR"
        for condition in _conditions(item)
    ]


def _if_true(scope: Scope, node: Node, changed: str | None) -> set[str]:
    """Return what is not NULL where a condition is true."""
    if node.kind == "BOOLEXPR" and node["boolop"] != "not":
        parts = [_if_true(scope, part, changed) for part in node["args"]]
        join = set[str].union if node["boolop"] == "and" else set[str].intersection
        return join(*parts)
    if node.kind == "NULLTEST":
        is_proof = node.number("nulltesttype") == _IS_NOT_NULL
        return _if_known(scope, node["arg"], changed) if is_proof else set()
    if node.kind == "BOOLEANTEST":
        is_proof = node.number("booltesttype") in (_TRUE, _FALSE, _NOT_UNKNOWN)
        return _if_known(scope, node["arg"], changed) if is_proof else set()
    if node.kind == "SCALARARRAYOPEXPR":
        # All of no elements are equal to NULL.
        is_proof = node.flag("useOr") and _is_strict(scope, node)
        return _if_known(scope, node["args"][0], changed) if is_proof else set()
    if node.kind == "SUBLINK" and node.number("subLinkType") == _ANY:
        return _if_true(scope, node["testexpr"], changed)
    return _if_known(scope, node, changed)


def _if_not_true(scope: Scope, node: Node) -> set[str]:
    """Return what is not NULL where a condition is false or NULL."""
    if node.kind == "BOOLEXPR" and node["boolop"] == "or":
        return set[str]().union(*(_if_not_true(scope, part) for part in node["args"]))
    is_proof = node.kind == "NULLTEST" and node.number("nulltesttype") != _IS_NOT_NULL
    return _if_known(scope, node["arg"], None) if is_proof else set()


def _if_known(scope: Scope, node: Node, changed: str | None) -> set[str]:
    """Return what is not NULL where an expression is not."""
    inner: list[Node] = []
    if node.kind in ("COERCETODOMAIN", "COLLATEEXPR", "NAMEDARGEXPR", "RELABELTYPE"):
        inner = [node["arg"]]
    elif node.kind in ("FUNCEXPR", "OPEXPR") and _is_strict(scope, node):
        inner = node.nodes("args")
    elif node.kind == "BOOLEXPR" and node["boolop"] == "not":
        inner = node["args"]
    found = {node.key()} if _is_repeatable(scope, node, changed) else set[str]()
    if node.kind == "VAR" and found:
        found.add(_row(node))
    return found.union(*(_if_known(scope, part, changed) for part in inner))


def _row(var: Node) -> str:
    """Return a key for the row that a column is of: no outer join has left it out."""
    kind = var.number("varreturningtype")
    return f"row {var['varlevelsup']} {var['varno']} {kind}"


def _is_strict(scope: Scope, node: Node) -> bool:
    oid = node.number("funcid") or node.number("opfuncid")
    function = scope.catalog.functions.get(oid)
    return function is not None and function.is_strict and not node.flag("funcretset")


def _is_repeatable(scope: Scope, node: Node, changed: str | None) -> bool:
    """Tell if an expression has the same value wherever it stands in the query."""
    for part in node.walk():
        if part.kind == "VAR":
            if part["varlevelsup"] == "0" and part["varno"] == changed:
                return False
        elif part.kind in ("FUNCEXPR", "OPEXPR"):
            oid = part.number("funcid") or part.number("opfuncid")
            function = scope.catalog.functions.get(oid)
            if function is None or not function.is_immutable:
                return False
        elif part.kind not in _REPEATABLE:
            return False
    return True
