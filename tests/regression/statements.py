"""Splits a regression file of PostgreSQL into units that psql can run one after another."""

import re

_TOKENS = re.compile(
    r"""--[^\n]* | /\* | '(?:[^']|'')*'? | "[^"]*"? | \$(?:[A-Za-z_]\w*)?\$ | [(){};\n] | \\[^\n]* | [eE]' | [A-Za-z_]\w* | .""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"(?:[^'\\]|\\.|'')*'?", re.DOTALL)
_ATOMIC = re.compile(r"\s+atomic\b", re.IGNORECASE)
_COPY_IN = re.compile(r"\bcopy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)


def units(text):
    """The text in pieces that each end at the end of a line, where psql waits for no more of a
    statement: a statement, several on one line, a meta-command, or a COPY with its data."""
    piece, pending, copying = [], False, False
    # Of parentheses, and of BEGIN ATOMIC with the CASEs in it: a semicolon there ends nothing.
    depth, body_depth = 0, 0
    place = 0
    while place < len(text):
        token = _TOKENS.match(text, place).group()
        place += len(token)
        if token == "/*":
            end = _comment_end(text, place)
            token, place = token + text[place:end], end
        elif token in ("e'", "E'"):
            rest = _ESCAPED.match(text, place).group()
            token, place, pending = token + rest, place + len(rest), True
        elif re.fullmatch(r"\$(?:[A-Za-z_]\w*)?\$", token):
            end = text.find(token, place)
            end = len(text) if end < 0 else end + len(token)
            token, place, pending = token + text[place:end], end, True
        elif token == "(":
            depth, pending = depth + 1, True
        elif token == ")":
            depth = max(0, depth - 1)
        elif token.lower() == "begin" and _ATOMIC.match(text, place):
            body_depth += 1
        elif body_depth and token.lower() == "case":
            body_depth += 1
        elif body_depth and token.lower() == "end":
            body_depth -= 1
        elif token == ";" and depth == 0 and body_depth == 0:
            pending = False
            copying = copying or bool(_COPY_IN.search("".join(piece)))
        elif token.startswith("\\"):
            # A meta-command ends the line; \g and its kin also end the statement.
            if re.match(r"\\(?:g\w*|crosstabview|watch)", token):
                pending = False
        elif not token.isspace() and not token.startswith("--"):
            pending = True
        piece.append(token)
        if token == "\n" and not pending and depth == 0:
            if copying:
                end = text.find("\n\\.", place - 1)
                end = len(text) if end < 0 else text.find("\n", end + 1) + 1
                piece.append(text[place:end])
                place, copying = end, False
            yield "".join(piece)
            piece = []
    if piece:
        yield "".join(piece) + "\n"


def _comment_end(text, place):
    nested = 1
    for found in re.compile(r"/\*|\*/").finditer(text, place):
        nested += 1 if found.group() == "/*" else -1
        if nested == 0:
            return found.end()
    return len(text)
