import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A record as the server knows it: the inner XML of its title, abstract and types. */
export interface ServedRecord {
  readonly title: string;
  readonly abstract?: string;
  readonly types?: string;
}

/** Behaviour of the server: as E-utilities, or with one of their faults. */
export type Manner =
  | { readonly kind: "answer" }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | { readonly kind: "reset" } // the connection breaks in the middle of the body
  | { readonly kind: "truncated" } // a complete HTTP answer whose XML is cut off
  | { readonly kind: "garbage"; readonly body: string | Buffer }
  | { readonly kind: "hang" };

/** A local server that answers `efetch.fcgi` as NCBI does. */
export interface EutilsServer {
  readonly baseUrl: string;
  /** The form fields of every request that came, in order. */
  readonly requests: URLSearchParams[];
  /** The manners of the next requests; when they are used up, the server answers. */
  readonly manners: Manner[];
  close(): Promise<void>;
}

export const articleXml = (
  pmid: string,
  { title, abstract, types = '<PublicationType UI="D016428">Journal Article</PublicationType>' }: ServedRecord,
): string =>
  `<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">${pmid}</PMID><Article PubModel="Print"><Journal><Title>A Journal</Title></Journal><ArticleTitle>${title}</ArticleTitle>${abstract === undefined ? "" : `<Abstract>${abstract}</Abstract>`}<PublicationTypeList>${types}</PublicationTypeList></Article><CommentsCorrectionsList><CommentsCorrections RefType="Cites"><PMID Version="1">1</PMID></CommentsCorrections></CommentsCorrectionsList></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="pubmed">${pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>`;

export const setXml = (articles: string): string =>
  `<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n${articles}\n</PubmedArticleSet>`;

export async function startEutils(records: ReadonlyMap<string, ServedRecord>): Promise<EutilsServer> {
  const requests: URLSearchParams[] = [];
  const manners: Manner[] = [];
  const server = createServer((request, response) => {
    void meet(request, response, { records, requests, manners });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/entrez/eutils`,
    requests,
    manners,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function meet(
  request: IncomingMessage,
  response: ServerResponse,
  state: { records: ReadonlyMap<string, ServedRecord>; requests: URLSearchParams[]; manners: Manner[] },
): Promise<void> {
  if (request.method !== "POST" || request.url !== "/entrez/eutils/efetch.fcgi") {
    response.writeHead(404).end();
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const form = new URLSearchParams(Buffer.concat(parts).toString());
  state.requests.push(form);
  const manner = state.manners.shift() ?? { kind: "answer" };
  const xml = setXml(
    (form.get("id") ?? "")
      .split(",")
      .flatMap((pmid) => {
        const record = state.records.get(pmid);
        return record === undefined ? [] : [articleXml(pmid, record)];
      })
      .join("\n"),
  );
  const headers = { "content-type": "text/xml; charset=UTF-8" };
  if (manner.kind === "status") response.writeHead(manner.status, manner.headers).end(manner.body);
  else if (manner.kind === "garbage") response.writeHead(200, headers).end(manner.body);
  else if (manner.kind === "truncated")
    response.writeHead(200, headers).end(xml.slice(0, Math.floor(xml.length * 0.6)));
  else if (manner.kind === "reset") {
    response.writeHead(200, headers);
    response.write(xml.slice(0, Math.floor(xml.length / 2)), () => request.socket.resetAndDestroy());
  } else if (manner.kind === "answer") response.writeHead(200, headers).end(xml);
}
