/** A refusal of the API (RFC 9457) as an error; what it means in words is for problems.ts. */
import type { Fault } from "./types";

export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly faults: Fault[];

  constructor(status: number, code: string, detail: string, faults: Fault[] = []) {
    super(detail || code);
    this.name = "ApiProblem";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.faults = faults;
  }
}

/** The problem in an answer's body; a body that is none (a proxy's page, nothing) gives `http_<status>`. */
export function toProblem(status: number, body: unknown): ApiProblem {
  if (!isRecord(body) || typeof body.code !== "string") return new ApiProblem(status, `http_${status}`, "");
  const detail = typeof body.detail === "string" ? body.detail : String(body.title ?? "");
  const faults = Array.isArray(body.errors) ? body.errors.filter(isRecord).map(toFault) : [];
  return new ApiProblem(status, body.code, detail, faults);
}

/** Whatever a proxy or another version may have left out is made up for. */
function toFault(fault: Record<string, unknown>): Fault {
  return {
    loc: Array.isArray(fault.loc) ? fault.loc : [],
    code: (typeof fault.code === "string" ? fault.code : "invalid") as Fault["code"],
    values: isRecord(fault.values) ? (fault.values as Fault["values"]) : {},
    msg: String(fault.msg ?? ""),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
