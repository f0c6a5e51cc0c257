// A JSON Schema in a few words.

export function describe(schema, document) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map((one) => describe(one, document)).join(" or ");
  if (schema.enum) return schema.enum.join(", ");
  const type = schema.format === "binary" ? "file" : schema.type ?? "";
  const { minimum, maximum, default: own, example } = schema;
  const parts = [type];
  if (minimum !== undefined || maximum !== undefined) parts.push(`${minimum ?? "…"} to ${maximum ?? "…"}`);
  if (own !== undefined) parts.push(`${own} by default`);
  if (example !== undefined) parts.push(`like ${example}`);
  return parts.filter(Boolean).join(", ");
}
