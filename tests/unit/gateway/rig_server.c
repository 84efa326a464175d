#include "test.h"

#include "rig.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

#include "base/banned.h"

static void server_say(const char *id, const char *result)
{
    printf("{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":%s}\n", id, result);
    (void)fflush(stdout);
}

static int strangers(void)
{
    int n = 0;

    for (char **e = environ; *e != NULL; e++)
        n += strncmp(*e, "WRIT_", 5) == 0;
    for (int fd = 3; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void server_answer(const char *line, const char *method, const char *id)
{
    WRIT_AUTO_BUF out;

    writ_buf_init(&out, 16u << 20);
    if (strcmp(method, "exit") == 0)
        _exit(7);
    if (strcmp(method, "junk") == 0) {
        (void)printf("starting up...\n{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{},\"Result\":1}\n",
                     id);
        (void)fflush(stdout);
        return;
    }
    if (strstr(line, "\"mute\"") != NULL)
        return;
    if (strstr(line, "\"huge\"") != NULL) {
        printf("{\"result\":{\"x\":\"%05000000d\"},\"jsonrpc\":\"2.0\",\"id\":%s}\n", 1, id);
        (void)fflush(stdout);
        return;
    }
    if (strstr(line, "\"fails\"") != NULL) {
        server_say(id, "{\"content\":[],\"isError\":true}");
        return;
    }
    if (strcmp(method, "tools/list") == 0) {
        server_say(id, "{\"tools\":[{\"name\":\"read\",\"inputSchema\":{\"type\":\"object\","
                       "\"required\":[\"path\"]}}, {\"name\":\"hidden\"},{\"name\":\"bad name\"},"
                       "{\"name\":\"held\"},{\"name\":\"write\", \"x\":1.0}],\"ttlMs\":5}");
        return;
    }
    if (strcmp(method, "change") == 0)
        printf("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n");
    if (strcmp(method, "environment") == 0) {
        char text[32];
        (void)snprintf(text, sizeof(text), "{\"strangers\":%d}", strangers());
        server_say(id, text);
        return;
    }
    if (writ_buf_add_cstr(&out, "{\"got\":") != WRIT_OK ||
        writ_json_quote(&out, writ_cstr(line)) != WRIT_OK ||
        writ_buf_add_cstr(&out, "}") != WRIT_OK || writ_buf_add_byte(&out, 0) != WRIT_OK)
        _exit(9);
    server_say(id, (const char *)out.ptr);
}

int rig_server(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        WRIT_AUTO_JSON *m = json_loads(line, JSON_DECODE_ANY, NULL);
        const char *method = json_string_value(json_object_get(m, "method"));
        json_t *id = json_object_get(m, "id");
        if (id == NULL || method == NULL)
            continue;
        char *text = json_dumps(id, JSON_ENCODE_ANY);
        server_answer(line, method, text);
        free(text);
    }
    free(line);
    return 0;
}
