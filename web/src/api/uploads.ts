/** Pictures of one's own, sent to be the input of a run. */
import { useMutation } from "@tanstack/react-query";
import { answerOf, client } from "./client";
import { ApiProblem } from "./problem";

export const UPLOAD_TYPES = ["image/png", "image/jpeg", "image/webp"];
export const UPLOAD_BYTES = 4 * 1024 * 1024;

/** Sends the raw picture; refuses at once what the API would refuse after four megabytes. */
export function useUpload() {
  return useMutation({
    mutationFn: (file: File) => {
      if (file.size > UPLOAD_BYTES) throw new ApiProblem(413, "too_large", "");
      if (!UPLOAD_TYPES.includes(file.type)) throw new ApiProblem(415, "unsupported_media_type", "");
      return answerOf(
        client.POST("/api/v1/uploads", {
          body: file as unknown as string,
          bodySerializer: (body: unknown) => body as Blob,
          headers: { "Content-Type": file.type },
        }),
      );
    },
  });
}
