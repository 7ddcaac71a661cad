#include <ntk/lab/tubes.h>

#include <ntk/lab/network_name.h>

const ntk_parameter ntk_tubes_parameters[] = {
    NTK_INTEGER("bits", 64, 64, 1024, "of the balls"),
    NTK_INTEGER("order", 14, 4, 64, "of the polynomials"),
    {0},
};

ntk_tube_options ntk_context_tubes(const ntk_context *context) {
    ntk_tube_options out = ntk_tube_options_default();
    out.bits = ntk_context_size(context, "bits");
    out.order = ntk_context_size(context, "order");
    return out;
}

ntk_status ntk_tubes_draw(const ntk_context *context, const ntk_grid *grid, ntk_place at,
                          const ntk_training_options *base, ntk_training_options *problem,
                          ntk_training *training) {
    enum { ACTIVATION, WIDTH, SEED };
    *problem = *base;
    problem->width = (size_t)ntk_grid_number(grid, at, WIDTH);
    ntk_network_name name;
    NTK_TRY(ntk_network_name_parse(ntk_grid_label(grid, at, ACTIVATION), &name));
    problem->architecture.activation = name.activation;
    const ntk_stream stream = ntk_context_stream(context, at.at[SEED]);
    return ntk_training_create(problem, &stream, training);
}

ntk_status ntk_training_tube(const ntk_training_options *problem, const ntk_training *training, double lambda,
                             const ntk_tube_options *options, ntk_tube **out) {
    const ntk_tube_problem of = {.architecture = &training->architecture,
                                 .loss = problem->loss,
                                 .inputs = training->inputs,
                                 .width = problem->width,
                                 .theta = training->theta0,
                                 .points = training->points,
                                 .x = training->x,
                                 .targets = training->targets,
                                 .lambda = lambda,
                                 .centre = training->theta0};
    return ntk_tube_create(&of, options, out);
}
